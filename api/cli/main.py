"""The command ``flexclear``.

Exit codes: 0 done; 1 an error of ours; 2 bad input or a mistyped command; 3 infeasible; 4 stopped without proof.
Each command lives in its own module and imports what it works with when it runs, so that help appears at once.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from api.cli import clear, database, fleet, offers
from api.cli.demo import demo
from api.cli.dispatch import dispatch
from api.cli.documents import examples, figures
from api.cli.serve import serve

EXIT_CODES = "Exit codes: 0 done, 1 error of ours, 2 bad input, 3 infeasible, 4 stopped without proof."

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, epilog=EXIT_CODES)
app.add_typer(clear.app, name="clear")
app.command("dispatch")(dispatch)
app.add_typer(offers.app, name="offer")
app.add_typer(offers.region, name="region")
app.add_typer(fleet.app, name="fleet")
app.command("demo")(demo)
app.command("serve")(serve)
app.add_typer(database.app, name="db")
app.command("examples")(examples)
app.command("figures")(figures)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"flexclear {version('flexclear')}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Clear flexibility markets to a proven optimum and plan the assets behind a connection."""


def main() -> None:
    """Run the command."""
    app()
