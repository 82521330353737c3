"""``flexclear demo``: the example region from need to schedules."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.arguments import AsJson


def demo(
    as_json: AsJson = False,
    sources: Annotated[bool, typer.Option("--sources", help="List every figure with its source and end.")] = False,
) -> None:
    """Clear the example region's event and tender, plan its assets, keep all in the database and reconcile it."""
    from api.cli.demo_region import run_demo, show_sources

    raise typer.Exit(show_sources(as_json=as_json) if sources else run_demo(as_json=as_json))
