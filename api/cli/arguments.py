"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

InputFile = Annotated[Path, typer.Argument(metavar="FILE", help="JSON file with the field names of the API.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON; findings go to standard error.")]
TimeLimit = Annotated[
    float | None, typer.Option("--time-limit", min=0.001, help="Seconds after which a stage of the search stops.")
]
