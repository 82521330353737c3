"""``flexclear dispatch``: plan the assets behind one connection from a file; nothing is stored."""

from __future__ import annotations

import typer

from api.cli.arguments import AsJson, InputFile, TimeLimit


def dispatch(file: InputFile, as_json: AsJson = False, time_limit: TimeLimit = None) -> None:
    """Plan every asset behind a connection at least cost, or say in words why it cannot be done."""
    from api.cli.dispatch_file import dispatch_from

    raise typer.Exit(dispatch_from(file, as_json=as_json, time_limit_s=time_limit))
