"""The region's supply-cost curve against the totals of the flexibility potential study, to the MW."""

from __future__ import annotations

from decimal import Decimal

import pytest

from market.offers.region_curve import (
    OfficeOwner,
    Scenario,
    Season,
    build_region_curve,
    release_by_budget,
    whole_mw,
)

D = Decimal


@pytest.mark.parametrize(
    ("scenario", "total", "offices", "logistics", "chemistry"),
    [(Scenario.LOW, 640, 287, 154, 199), (Scenario.HIGH, 931, 388, 154, 389)],
)
def test_totals_are_those_of_the_study(
    scenario: Scenario, total: int, offices: int, logistics: int, chemistry: int
) -> None:
    """Study lines 35, 51, 65 and 139."""
    curve = build_region_curve(scenario)
    assert whole_mw(curve[-1].cumulative_mw) == total
    for sector, expected in (("offices", offices), ("logistics", logistics), ("chemistry", chemistry)):
        assert whole_mw(sum((s.mw for s in curve if s.sector == sector), D(0))) == expected


@pytest.mark.parametrize("scenario", list(Scenario))
@pytest.mark.parametrize("owner", list(OfficeOwner))
def test_heating_and_cooling_are_never_added(scenario: Scenario, owner: OfficeOwner) -> None:
    """Study lines 57-61, 268-270 and 4098-4100."""
    seen = {}
    for season in Season:
        measures = [s.measure for s in build_region_curve(scenario, season=season, owner=owner)]
        assert len(set(measures)) == len(measures)
        assert sum("heating" in m or "cooling" in m for m in measures) == 1
        seen[season] = build_region_curve(scenario, season=season, owner=owner)[-1].cumulative_mw
    assert seen[Season.YEAR] == max(seen[Season.WINTER], seen[Season.SUMMER])
    assert seen[Season.WINTER] < seen[Season.SUMMER]


def test_the_order_is_what_a_mw_costs_per_year_and_fees_follow_who_asks() -> None:
    curve = build_region_curve(Scenario.HIGH)
    yearly = [s.eur_per_mw_year for s in curve]
    assert yearly == sorted(yearly)
    assert [s.measure for s in curve][-1] == "continuous_downscaling_incidental"  # 2,940 EUR/MWh over 250 hours
    assert curve[-1].eur_per_mw_year == D(2940) * 250
    landlord = build_region_curve(Scenario.HIGH, owner=OfficeOwner.LANDLORD, night_capacity=False)
    fees = {s.measure: s.eur_per_mwh for s in landlord}
    assert fees["grid_aware_cooling_precool"] == 240
    assert fees["grid_aware_ev_charging"] == 71
    assert fees["grid_aware_depot_ev_charging"] == 111
    depot = next(s for s in landlord if s.measure == "grid_aware_depot_ev_charging")
    assert not depot.hours_stated


def test_released_mw_grow_with_the_budget_and_stop_at_the_potential() -> None:
    curve = build_region_curve(Scenario.LOW)
    nothing = release_by_budget(curve, D(0))
    assert nothing.contracted_mw == 82 + 154  # offices' chargers and depots with night capacity ask nothing
    assert nothing.released_mw == D(118)
    # Cooling: 205 MW x 36 EUR/MWh x 182 h = 1,343,160 EUR; then CHP at 135 x 1,040 = 140,400 EUR per MW.
    one = release_by_budget(curve, D(1_343_160) + D(1_404_000))
    assert one.contracted_mw == 82 + 154 + 205 + 10
    assert one.marginal_eur_per_mw_year == 140_400
    assert release_by_budget(curve, one.budget_eur, indefinite=True).released_mw == one.contracted_mw
    everything = release_by_budget(curve, D(10) ** 9)
    assert everything.contracted_mw == curve[-1].cumulative_mw
    assert everything.spent_eur < everything.budget_eur
    mws = [release_by_budget(curve, D(b) * 1_000_000).contracted_mw for b in range(0, 60, 3)]
    assert mws == sorted(mws)
