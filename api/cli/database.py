"""``flexclear db``: bring the database up to date."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, help="Look after the database (FLEXCLEAR_DATABASE_URL).")


@app.callback()
def _group() -> None:
    """Keep ``db`` a group of commands although it has only one so far."""


@app.command("upgrade")
def upgrade() -> None:
    """Create the database, or bring an older one to this version's schema."""
    from api.cli.output import Output
    from api.settings import Settings
    from api.wiring import upgrade_database

    output = Output(as_json=False)
    with output.answering():
        settings = Settings()
        before, after = upgrade_database(settings)
        change = "up to date at" if before == after else f"from {before or 'empty'} to"
        output.console.print(f"database {settings.shown_database}: {change} revision {after}")
