"""Trace a convex cost curve exactly: every breakpoint from values and slopes, none from a grid.

Two points with their slopes enclose the curve between them: it lies below the line that joins the points and above
both tangents. Where the tangents meet is the only place a breakpoint can be missed, so that is asked next. If the curve
meets the tangents there, both sides are proven to be straight lines. The widest enclosure goes first, so stopping early
leaves the smallest gap, and the gap is known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Sample(NamedTuple, Generic[T]):
    """A point of the curve: place, value, a subgradient, and what was found there."""

    at: float
    value: float
    slope: float
    found: T


def trace_convex(
    evaluate: Callable[[float], Sample[T]], low: Sample[T], high: Sample[T], *, most: int, tolerance: float
) -> tuple[tuple[Sample[T], ...], float]:
    """Find the breakpoints of a convex piecewise linear function between two samples.

    Args:
        evaluate: asks for one more sample.
        low: sample at the left end.
        high: sample at the right end.
        most: points at most, the ends included.
        tolerance: enclosure below which a stretch counts as a straight line, in units of the value.

    Returns:
        The samples in order of place, and the largest enclosure left.
    """
    samples = [low] if high.at <= low.at else [low, high]
    open_gaps = {0: _enclosure(low, high)} if len(samples) == 2 else {}
    while len(samples) < most and open_gaps:
        left, (gap, place) = max(open_gaps.items(), key=lambda item: (item[1][0], -item[0]))
        if gap <= tolerance:
            break
        samples.insert(left + 1, evaluate(place))
        open_gaps = {k: _enclosure(samples[k], samples[k + 1]) for k in range(len(samples) - 1)}
    return tuple(samples), max((gap for gap, _ in open_gaps.values()), default=0.0)


def _enclosure(a: Sample[T], b: Sample[T]) -> tuple[float, float]:
    """Largest distance between chord and tangents, and the place where the tangents meet."""
    width, turn = b.at - a.at, b.slope - a.slope
    if width <= 0.0 or turn <= 0.0:
        return 0.0, a.at
    # Negative inner distances are rounding: the tangent of one end then passes through the other.
    at = a.at + min(max((a.value - b.value + b.slope * width) / turn, 0.0), width)
    lower = max(a.value + a.slope * (at - a.at), b.value - b.slope * (b.at - at))
    chord = a.value + (b.value - a.value) * (at - a.at) / width
    return max(0.0, chord - lower), at
