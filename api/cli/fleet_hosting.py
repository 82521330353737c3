"""The work of ``flexclear fleet hosting``: one search per way of steering."""

from __future__ import annotations

from pathlib import Path

from api.cli.fleet_files import read_steps
from api.cli.output import ExitCode, Output
from api.cli.progress import ProgressLine
from api.cli.tables import show_rows
from optimizer.runs.fleet_queries import Steering, find_hosting_capacity


def host_from(base_load: Path, *, limit_kw: float, draws: int, seed: int, as_json: bool) -> ExitCode:
    """Show how many stations fit for every way of steering."""
    output = Output(as_json)
    with output.answering():
        columns, grid = read_steps(base_load, "base_load_kw")
        with ProgressLine("finding how many stations fit"):
            found = [
                find_hosting_capacity(grid, columns["base_load_kw"], limit_kw, steering, draws=draws, seed=seed)
                for steering in Steering
            ]
        if as_json:
            output.write_json(found)
        else:
            rows = [
                [each.steering.value, f"{each.stations:.1f}", f"{min(each.draws):.1f}", f"{max(each.draws):.1f}"]
                for each in found
            ]
            title = f"Stations under {limit_kw:,.0f} kW, {draws} draws of {grid.steps * grid.step_h / 24:.0f} days"
            output.console.print(show_rows(title, ["steering", "mean", "least", "most"], rows))
    return ExitCode.DONE
