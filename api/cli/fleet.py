"""``flexclear fleet``: plan charging sessions by the million, and ask how many stations fit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.arguments import AsJson, TimeLimit

app = typer.Typer(no_args_is_help=True, help="Plan fleets of charging sessions and ask what a grid can host.")

SessionFile = Annotated[
    Path,
    typer.Argument(
        metavar="SESSIONS",
        help="CSV or Parquet: arrival, departure (UTC), energy_kwh, power_kw[, efficiency, minimum_kw].",
    ),
]
LimitFile = Annotated[
    Path,
    typer.Option(
        "--limit",
        metavar="LIMIT.csv",
        help="One row per step: start (UTC), limit_kw[, price_eur_per_kwh, base_load_kw, excess_price_eur_per_kwh].",
    ),
]


@app.command("plan")
def plan(
    sessions: SessionFile,
    limit: LimitFile,
    out: Annotated[
        Path | None, typer.Option("--out", help="Schedule of every session: .csv or .parquet, written as it is made.")
    ] = None,
    chart: Annotated[Path | None, typer.Option("--chart", help="Chart of the fleet against its limit: .png.")] = None,
    skip_invalid: Annotated[
        bool, typer.Option("--skip-invalid", help="Plan the rest when rows cannot be read; they are listed.")
    ] = False,
    gap: Annotated[float, typer.Option("--gap", min=0.0, help="Proven gap to reach, as a share of the cost.")] = 1e-6,
    time_limit: TimeLimit = None,
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", help="Dask scheduler such as tcp://10.0.0.5:8786 for sessions that search."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Plan every session at least cost within the limit, with a proven bound."""
    from api.cli.fleet_plan import FleetCommand, plan_from

    command = FleetCommand(
        sessions=sessions,
        limit=limit,
        out=out,
        chart=chart,
        skip_invalid=skip_invalid,
        relative_gap=gap,
        time_limit_s=time_limit,
        scheduler=scheduler,
    )
    raise typer.Exit(plan_from(command, as_json=as_json))


@app.command("hosting")
def hosting(
    limit_kw: Annotated[float, typer.Option("--limit-kw", min=0.0, help="Limit of the transformer in kW.")],
    base_load: Annotated[
        Path, typer.Option("--base-load", metavar="LOAD.csv", help="One row per step: start (UTC), base_load_kw.")
    ],
    draws: Annotated[int, typer.Option("--draws", min=1, help="Draws of sessions to average over.")] = 3,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the first draw.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Say how many charging stations fit under a transformer: uncontrolled, at minimum current, and with pauses."""
    from api.cli.fleet_hosting import host_from

    raise typer.Exit(host_from(base_load, limit_kw=limit_kw, draws=draws, seed=seed, as_json=as_json))


@app.command("import")
def import_file(
    source: Annotated[str, typer.Argument(help="robust, norway, acn or fast-charger; see docs/fleets.md.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The published file.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Where the sessions go: .csv or .parquet.")],
    power_kw: Annotated[
        float | None, typer.Option("--power-kw", min=0.001, help="Power of every session, where the source has none.")
    ] = None,
    keep_minimum: Annotated[
        bool, typer.Option("--keep-minimum", help="Keep the minimum current of 6 A instead of allowing pauses.")
    ] = False,
) -> None:
    """Turn a published file of charging sessions into one that ``plan`` reads."""
    from api.cli.output import Output
    from api.cli.session_imports import import_sessions

    output = Output(as_json=False)
    with output.answering():
        count = import_sessions(source, file, out, power_kw=power_kw, pausable=not keep_minimum)
        output.console.print(f"{count:,} sessions written to {out}")
