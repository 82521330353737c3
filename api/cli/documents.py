"""``flexclear examples`` and ``flexclear figures``: files made from the example region."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[Path, typer.Argument(metavar="DIR", file_okay=False, help="Folder to write to.")]


def examples(folder: Folder) -> None:
    """Write the example region as input files for the other commands."""
    from api.cli.examples import write_examples

    _list_files(write_examples(folder))


def figures(folder: Folder) -> None:
    """Draw the figures of the documentation (needs the extra `chart`)."""
    from api.cli.figures import render_figures

    _list_files(render_figures(folder))


def _list_files(files: tuple[Path, ...]) -> None:
    for file in files:
        typer.echo(str(file))
