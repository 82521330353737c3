"""Run the example region, keep it in the database, and print it."""

from __future__ import annotations

from rich.console import Console

from api.cli.example_report import print_example, schedule_of
from api.cli.output import ExitCode, Output
from api.cli.tables import show_rows
from api.settings import Settings
from api.wiring import open_market
from market.errors import ConflictError
from market.region.example import ExampleResult, load_example_region, run_example
from market.region.parameters import Parameters, load_parameters
from market.services.example import keep_example

_WIDTH = 120


def run_demo(*, as_json: bool) -> ExitCode:
    """Clear, plan, store and print; the exit code says whether everything is proven, reconciled and reproduced."""
    output = Output(as_json=as_json)
    with output.answering():
        settings = Settings()
        market = open_market(settings)
        result = run_example(load_example_region())
        try:
            reproduced = keep_example(market, result)
        except ConflictError as error:
            output.say(f"the database holds something else under a name of the example: {error}")
            return ExitCode.FAILED
        if as_json:
            output.write_json(_document(result))
            return ExitCode.DONE if reproduced else ExitCode.FAILED
        console = Console(width=_WIDTH, markup=False, emoji=False, highlight=False)
        sound = print_example(result, console)
        console.print(
            f"Kept in {settings.shown_database}; what is kept equals what was computed now, to the cent:"
            f" {'yes' if reproduced else 'no'}."
        )
        return ExitCode.DONE if sound and reproduced else ExitCode.FAILED


def show_sources(*, as_json: bool) -> ExitCode:
    """List every figure of the example with its unit, kind and source."""
    output = Output(as_json=as_json)
    parameters = load_parameters()
    if as_json:
        output.write_json({"sources": parameters.sources, "parameters": list(parameters.values())})
        return ExitCode.DONE
    rows = [(p.name, _shown(p.value), p.unit, p.kind, p.source) for p in parameters.values()]
    console = Console(width=_WIDTH + 40, markup=False, emoji=False, highlight=False)
    console.print(show_rows("Figures of the example region", ["name", "value", "unit", "kind", "source"], rows))
    _print_sources(parameters, console)
    return ExitCode.DONE


def _print_sources(parameters: Parameters, console: Console) -> None:
    for name, text in parameters.sources.items():
        console.print(f"{name}: {text}")


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_shown(item) for item in value)
    return str(value)


def _document(result: ExampleResult) -> dict[str, object]:
    schedules = [
        schedule_of(site, cause)
        for cause, days in (("event", result.event_day), ("tender", result.tender_day))
        for site in days
    ]
    return {"redispatch": result.redispatch, "tender": result.tender, "schedules": schedules}
