"""Put the stages of independent parts together: objectives and bounds add up, the weakest stop counts."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.model.components import Component, join_values
from optimizer.model.program import Program
from optimizer.solver.lexicographic import StageOutcome
from optimizer.solver.outcome import Incumbent, Outcome, SolveReport, Stop
from optimizer.solver.session import SOLVER


def join_stages(
    program: Program, parts: tuple[Component, ...], solved: Sequence[tuple[StageOutcome, ...]]
) -> tuple[StageOutcome, ...]:
    """Join stage by stage, as far as every part reached it."""
    reached = min((len(stages) for stages in solved), default=0)
    if not parts:
        return _constant(program)
    return tuple(_join(parts, [stages[k] for stages in solved]) for k in range(reached))


def _join(parts: tuple[Component, ...], stages: Sequence[StageOutcome]) -> StageOutcome:
    outcomes = [stage.outcome for stage in stages]
    found = [o.incumbent for o in outcomes if o.incumbent is not None]
    incumbent = None
    if len(found) == len(outcomes):
        values = join_values(parts, [i.values for i in found])
        incumbent = Incumbent(values=values, objective=sum(i.objective for i in found))
    bounds = [o.bound for o in outcomes if o.bound is not None]
    return StageOutcome(
        name=stages[0].name,
        outcome=Outcome(
            stop=_weakest([o.stop for o in outcomes]),
            incumbent=incumbent,
            bound=sum(bounds) if len(bounds) == len(outcomes) else None,
            report=SolveReport(
                solver=SOLVER,
                seconds=sum(o.report.seconds for o in outcomes),
                nodes=sum(o.report.nodes for o in outcomes),
                iterations=sum(o.report.iterations for o in outcomes),
                stage=stages[0].name,
            ),
        ),
        tolerance=sum(stage.tolerance for stage in stages),
    )


def _weakest(stops: Sequence[Stop]) -> Stop:
    if Stop.INFEASIBLE in stops:
        return Stop.INFEASIBLE
    unproven = [stop for stop in stops if not stop.proven]
    if unproven:
        return unproven[0]
    return Stop.GAP_REACHED if Stop.GAP_REACHED in stops else Stop.OPTIMAL


def _constant(program: Program) -> tuple[StageOutcome, ...]:
    """A program without columns: its constants are its optimum."""
    return tuple(
        StageOutcome(
            name=objective.name,
            outcome=Outcome(
                stop=Stop.OPTIMAL,
                incumbent=Incumbent(values=objective.costs, objective=objective.offset),
                bound=objective.offset,
                report=SolveReport(solver=SOLVER, seconds=0.0, nodes=0, iterations=0, stage=objective.name),
            ),
            tolerance=0.0,
        )
        for objective in program.objectives
    )
