"""``flexclear clear``: clear a tender or a redispatch book from a file; nothing is stored."""

from __future__ import annotations

import typer

from api.cli.arguments import AsJson, InputFile, TimeLimit

app = typer.Typer(no_args_is_help=True, help="Clear a tender or a redispatch book from a file.")


@app.command("tender")
def clear_tender_file(file: InputFile, as_json: AsJson = False, time_limit: TimeLimit = None) -> None:
    """Decide on every bid of a tender at least evaluated cost, with price, reason and proof."""
    from api.cli.clear_files import clear_tender_from

    raise typer.Exit(clear_tender_from(file, as_json=as_json, time_limit_s=time_limit))


@app.command("redispatch")
def clear_redispatch_file(file: InputFile, as_json: AsJson = False, time_limit: TimeLimit = None) -> None:
    """Clear needs against an order book: balanced in every quarter-hour, least shortfall, then least spread cost."""
    from api.cli.clear_files import clear_redispatch_from

    raise typer.Exit(clear_redispatch_from(file, as_json=as_json, time_limit_s=time_limit))
