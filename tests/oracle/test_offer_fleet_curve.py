"""The curve of a fleet against the same cars written out one by one as a site."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import numpy as np
import pytest

from optimizer.errors import InvalidProblemError
from optimizer.offers.fleet_curve import find_largest_volume, trace_fleet_curve
from optimizer.offers.offer_window import Change, Delivery, OfferWindow
from optimizer.offers.supply_curve import trace_supply_curve
from optimizer.problems.fleet import FleetProblem
from tests.offer_fleets import as_site, draw_fleet, uncontrolled_kw


def evening(problem: FleetProblem, change: Change) -> OfferWindow:
    return OfferWindow(steps=problem.grid.inside([(time(17), time(19))]), change=change, delivery=Delivery.AT_LEAST)


@pytest.mark.parametrize("change", list(Change))
@pytest.mark.parametrize("seed", [1, 2])
def test_fleet_and_site_agree_on_volume_and_cost(change: Change, seed: int) -> None:
    fleet = draw_fleet(30, seed)
    window, baseline = evening(fleet, change), uncontrolled_kw(fleet)
    if change is Change.MORE:
        baseline = 0.3 * baseline
    ours = trace_fleet_curve(fleet, window, baseline, points=8)
    site = trace_supply_curve([as_site(fleet)], window, baseline, volumes_kw=[p.volume_kw for p in ours.points]).curve
    assert site is not None
    assert ours.max_kw == pytest.approx(site.max_kw, abs=1e-3)
    assert ours.max_kw > 5.0
    assert ours.reference_cost_eur == pytest.approx(site.reference_cost_eur, abs=1e-3)
    for mine, theirs in zip(ours.points, site.points, strict=True):
        assert mine.cost_eur == pytest.approx(theirs.cost_eur, abs=2e-3)
        assert mine.bound_eur is not None
        assert mine.bound_eur <= theirs.cost_eur + 1e-4
        delivered = window.delivered_kw(baseline, mine.power_kw)[window.steps]
        assert (delivered >= mine.volume_kw - 1e-4).all()


def test_a_fleet_that_cannot_follow_its_baseline_offers_nothing() -> None:
    fleet = draw_fleet(30, 3)
    window = evening(fleet, Change.LESS)
    assert find_largest_volume(fleet, window, np.full(96, -5.0)) == 0.0


def test_fleets_that_are_not_convex_are_refused() -> None:
    fleet = draw_fleet(30, 3)
    least = replace(fleet, sessions=replace(fleet.sessions, minimum_kw=np.full(30, 1.38)))
    with pytest.raises(InvalidProblemError, match="may pause"):
        trace_fleet_curve(least, evening(fleet, Change.LESS), uncontrolled_kw(fleet))
