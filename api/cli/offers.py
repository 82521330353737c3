"""``flexclear offer`` and ``flexclear region``: what flexibility costs, makes and is worth; nothing is stored."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.arguments import AsJson, InputFile

app = typer.Typer(no_args_is_help=True, help="Find out what flexibility costs, makes and is worth.")
region = typer.Typer(no_args_is_help=True, help="Supply-cost curve of a region.")


@app.command("curve")
def curve(
    file: InputFile,
    begin: Annotated[str, typer.Option("--from", metavar="HH:MM", help="Local start of the block.")] = "17:00",
    end: Annotated[str, typer.Option("--to", metavar="HH:MM", help="Local end of the block.")] = "18:00",
    baseline: Annotated[str, typer.Option(help="uncontrolled, price_optimised or contract_limit.")] = "uncontrolled",
    more: Annotated[bool, typer.Option("--more", help="Consume more instead of less.")] = False,
    exact: Annotated[bool, typer.Option("--exact", help="Deliver exactly the volume, not at least.")] = False,
    points: Annotated[int, typer.Option(min=2, help="Points at most.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Trace what flexibility of a site costs in one block, with the energy that is taken later."""
    from api.cli.offer_reports import report_curve

    raise typer.Exit(
        report_curve(
            file, begin=begin, end=end, baseline=baseline, more=more, exact=exact, points=points, as_json=as_json
        )
    )


@app.command("chargers")
def chargers(as_json: AsJson = False) -> None:
    """Count charging stations per 100 kW under two sets of assumptions, both printed."""
    from api.cli.offer_reports import report_chargers

    raise typer.Exit(report_chargers(as_json=as_json))


@app.command("value")
def value(
    file: InputFile,
    chart: Annotated[Path | None, typer.Option(help="Also draw a chart (needs the extra `chart`).")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what flexibility is worth per contract form: expectation, capabilities and terms from a file."""
    from api.cli.offer_reports import report_value

    raise typer.Exit(report_value(file, chart=chart, as_json=as_json))


@region.command("curve")
def region_curve(
    season: Annotated[str, typer.Option(help="winter, summer or year.")] = "year",
    owner: Annotated[str, typer.Option(help="owner_user or landlord.")] = "owner_user",
    budget: Annotated[float, typer.Option(min=0.0, help="Budget per year in million euro.")] = 50.0,
    as_json: AsJson = False,
) -> None:
    """Show the study's supply-cost curve, low and high, and the MW a yearly budget releases."""
    from api.cli.offer_reports import report_region

    raise typer.Exit(report_region(season=season, owner=owner, budget=budget, as_json=as_json))
