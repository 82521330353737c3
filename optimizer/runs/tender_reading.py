"""Read a solved tender back from columns: lots, calls and the runs of offers that take turns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from optimizer.model.labels import Labels
from optimizer.problems.tender import FloatArray, IntArray, TenderProblem
from optimizer.results.tender import Activation, Calls, offer_lots

LEAST_MW = 1e-9


def read_lots(problem: TenderProblem, labels: Labels, values: FloatArray) -> IntArray:
    """Contracted lots per line, the first steps of every offer filled first.

    Filling in order costs no more: a step that is cheaper than an earlier one is bound to its order in the model.
    """
    lots = np.zeros(problem.lines, dtype=np.int64)
    for (line,), position in labels.positions("lots").items():
        lots[line] = round(values[position])
    filled, left = np.zeros_like(lots), offer_lots(problem, lots)
    for line, offer in enumerate(problem.line_offer):
        filled[line] = min(left[offer], problem.line_lots[line])
        left[offer] -= filled[line]
    return filled


def read_calls(
    problem: TenderProblem,
    labels: Labels,
    values: FloatArray,
    labelled: Sequence[int] = (),
    events: Sequence[int] = (),
) -> Calls:
    """Read the calls of all events, or of events whose shape the labels of other events describe.

    Args:
        problem: the problem.
        labels: labels of the columns.
        values: value per column.
        labelled: events that the labels name, where they stand for others.
        events: the events that the values belong to, in the same order.
    """
    stands_for = dict(zip(labelled, events, strict=True))
    event_of = problem.step_event
    first_step = problem.event_first_step

    def real(step: int) -> int:
        event = int(event_of[step])
        return step + int(first_step[stands_for[event]] - first_step[event]) if stands_for else step

    entries = [
        (k, real(t), float(values[p])) for (k, t), p in labels.positions("called").items() if values[p] > LEAST_MW
    ]
    begun, ended = labels.positions("begun"), labels.positions("ended")
    runs: list[Activation] = []
    for offer, first in sorted({(o, int(first_step[event_of[t]])) for o, t in begun}):
        here = int(event_of[first])
        span = range(*problem.steps_of(here).indices(len(problem.need_mw)))
        starts = np.array([values[begun[offer, t]] for t in span])
        if starts[-1] > LEAST_MW:
            stops = np.array([values[ended[offer, t]] for t in span])
            runs += pair_runs(offer, stands_for.get(here, here), starts, stops)
    return Calls(
        line=np.array([k for k, _, _ in entries], dtype=np.int64),
        step=np.array([t for _, t, _ in entries], dtype=np.int64),
        power_mw=np.array([mw for _, _, mw in entries], dtype=np.float64),
        activations=tuple(runs),
    )


def pair_runs(offer: int, event: int, begun: FloatArray, ended: FloatArray) -> list[Activation]:
    """Pair what begins with what ends, first in first out, which keeps every run as short as any pairing can.

    Args:
        offer: the offer.
        event: the event.
        begun: MW begun up to and including each step, shape (steps,).
        ended: MW ended up to and including each step, shape (steps,).
    """
    steps = len(begun)
    begins = np.diff(np.round(begun, 9), prepend=0.0)
    ends = np.append(np.diff(np.round(ended, 9), prepend=0.0), 0.0)
    ends[steps] = max(0.0, float(begins.sum() - ends.sum()))
    runs: list[Activation] = []
    queue: list[list[float]] = []
    for step in range(steps + 1):
        if step < steps and begins[step] > LEAST_MW:
            queue.append([float(step), float(begins[step])])
        closing = float(ends[step])
        while closing > LEAST_MW and queue:
            begin, power = queue[0]
            part = min(closing, power)
            if step > begin:
                runs.append(Activation(offer=offer, event=event, begin=int(begin), end=step, power_mw=part))
            closing -= part
            queue[0][1] -= part
            if queue[0][1] <= LEAST_MW:
                queue.pop(0)
    return runs


def join_calls(parts: list[Calls]) -> Calls:
    """Put the calls of separate events together."""
    return Calls(
        line=np.concatenate([c.line for c in parts]) if parts else np.zeros(0, dtype=np.int64),
        step=np.concatenate([c.step for c in parts]) if parts else np.zeros(0, dtype=np.int64),
        power_mw=np.concatenate([c.power_mw for c in parts]) if parts else np.zeros(0),
        activations=tuple(run for c in parts for run in c.activations),
    )
