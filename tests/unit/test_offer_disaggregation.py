"""Awards spread over members: kept in every step, cheapest, fair by the rule, and repaired when a member fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import numpy as np
import pytest

from optimizer.offers.disaggregate import Failure, GroupAward, repair_award, spread_award
from optimizer.offers.fairness import Fairness
from optimizer.offers.offer_window import Delivery, OfferWindow
from optimizer.problems.assets import Batch, Battery, ChargingSession
from optimizer.problems.series import FloatArray
from optimizer.problems.site import SiteProblem
from tests.site_examples import SUMMER_DAY, grid_from, site_of

GRID = grid_from(SUMMER_DAY, time(12), steps=48)
WINDOW = OfferWindow(steps=GRID.inside([(time(17), time(18))]))
START, END = 20, 24


def battery_site(name: str, *, wear: float = 0.0, held: float = 40.0, size: float = 80.0) -> SiteProblem:
    battery = Battery(
        id=f"battery-{name}",
        capacity_kwh=size,
        charge_kw=40.0,
        discharge_kw=40.0,
        initial_kwh=held,
        final_kwh=held,
        charge_efficiency=1.0,
        discharge_efficiency=1.0,
        wear_eur_per_kwh=wear,
    )
    flat = np.full(48, 0.2)
    return replace(
        site_of([battery], GRID, offtake_price_eur_per_kwh=flat, feed_in_price_eur_per_kwh=flat), id=f"site-{name}"
    )


def award_of(sites: list[SiteProblem], relief: float, capability: list[float], **changes: object) -> GroupAward:
    award = GroupAward(
        sites=tuple(sites),
        window=WINDOW,
        relief_kw=np.where(WINDOW.steps, relief, 0.0),
        baselines_kw=tuple(np.zeros(48) for _ in sites),
        capability_kwh=tuple(capability),
    )
    return replace(award, **changes)  # type: ignore[arg-type]


def shares_of(award: GroupAward) -> list[float]:
    outcome = spread_award(award)
    assert outcome.plan is not None, outcome.findings
    assert outcome.plan.delivered_kw[WINDOW.steps] == pytest.approx(award.relief_kw[WINDOW.steps], abs=1e-5)
    assert outcome.announced == ()
    return [round(share.delivered_kwh, 3) for share in outcome.shares]


def test_equally_cheap_members_share_in_proportion_to_their_capability() -> None:
    sites = [battery_site(name) for name in "abc"]
    assert shares_of(award_of(sites, 50.0, [30.0, 20.0, 10.0])) == pytest.approx([25.0, 16.667, 8.333], abs=2e-3)
    assert shares_of(award_of(sites[::-1], 50.0, [10.0, 20.0, 30.0])) == pytest.approx([8.333, 16.667, 25.0], abs=2e-3)


def test_a_member_that_cannot_follow_leaves_its_part_to_the_others_in_proportion() -> None:
    sites = [battery_site("a"), battery_site("b"), battery_site("c", held=4.0, size=4.0)]
    # c holds 4 kWh at most; proportional would ask 20 of each.
    assert shares_of(award_of(sites, 60.0, [30.0, 30.0, 30.0])) == pytest.approx([28.0, 28.0, 4.0], abs=2e-3)


def test_cost_comes_before_fairness() -> None:
    sites = [battery_site("a", wear=0.05), battery_site("b"), battery_site("c")]
    assert shares_of(award_of(sites, 50.0, [30.0, 30.0, 30.0])) == pytest.approx([0.0, 25.0, 25.0], abs=2e-3)


def test_below_a_member_that_is_used_most_the_others_still_share_in_proportion() -> None:
    # b costs nothing and delivers all it can, 1.33 of its capability; a and c cost the same and share what is left.
    sites = [battery_site("a", wear=0.05), battery_site("b"), battery_site("c", wear=0.05)]
    assert shares_of(award_of(sites, 60.0, [30.0, 30.0, 10.0])) == pytest.approx([15.0, 40.0, 5.0], abs=2e-3)
    assert shares_of(award_of(sites, 60.0, [10.0, 30.0, 30.0])) == pytest.approx([5.0, 40.0, 15.0], abs=2e-3)


def test_rotation_lets_the_next_in_turn_deliver_first() -> None:
    sites = [battery_site(name) for name in "abc"]
    award = award_of(sites, 50.0, [40.0, 40.0, 40.0], fairness=Fairness.ROTATING)
    assert shares_of(award) == pytest.approx([40.0, 10.0, 0.0], abs=2e-3)
    assert shares_of(replace(award, turn=1)) == pytest.approx([0.0, 40.0, 10.0], abs=2e-3)
    assert shares_of(replace(award, turn=5)) == pytest.approx([10.0, 0.0, 40.0], abs=2e-3)


def test_fairness_holds_beside_whole_batches() -> None:
    batch = Batch(
        id="batch", profile_kw=np.full(4, 60.0), earliest_start_step=0, latest_start_step=44, planned_start_step=START
    )
    plant = replace(battery_site("p"), assets=(batch,))
    award = award_of([plant, battery_site("a"), battery_site("b")], 80.0, [0.0, 20.0, 20.0])
    baselines = (np.where(WINDOW.steps, 60.0, 0.0), np.zeros(48), np.zeros(48))
    assert shares_of(replace(award, baselines_kw=baselines)) == pytest.approx([60.0, 10.0, 10.0], abs=2e-3)


def fails(site: str, asset: str, step: int, power: FloatArray | None = None) -> Failure:
    return Failure(
        site_id=f"site-{site}", asset_id=asset, from_step=step, power_kw=np.zeros(48) if power is None else power
    )


def test_when_a_member_fails_the_others_take_over_from_that_step_and_the_past_stays() -> None:
    sites = [battery_site(name, wear=0.01) for name in "abc"]
    award = award_of(sites, 60.0, [40.0, 40.0, 40.0])
    before = spread_award(award).plan
    assert before is not None
    after = repair_award(award, before, now_step=START + 2, failures=[fails("a", "battery-a", START + 2)])
    assert after.plan is not None
    assert after.announced == ()
    assert after.plan.delivered_kw[START:END] == pytest.approx(np.full(4, 60.0), abs=1e-3)
    for old, new in zip(before.sites, after.plan.sites, strict=True):
        assert new.assets[0].power_kw[: START + 2] == pytest.approx(old.assets[0].power_kw[: START + 2], abs=1e-5)
    assert after.plan.sites[0].assets[0].power_kw[START + 2 :] == pytest.approx(np.zeros(48 - START - 2))


def test_what_the_others_cannot_take_over_is_announced_with_volume_and_time() -> None:
    sites = [battery_site("a"), battery_site("b", held=12.0, size=12.0)]
    award = award_of(sites, 40.0, [40.0, 12.0])
    before = spread_award(award).plan
    assert before is not None
    left = before.sites[1].assets[0].series["stored_kwh"][START + 1]
    after = repair_award(award, before, now_step=START + 1, failures=[fails("a", "battery-a", START + 1)])
    assert after.plan is not None
    assert 0.25 * after.plan.short_kw.sum() == pytest.approx(30.0 - left, abs=1e-2)
    assert [f.rule for f in after.announced] == ["award.short"]
    assert "kWh short of its promise" in after.announced[0].message


def test_a_charger_that_falls_back_to_full_power_is_made_up_for() -> None:
    car = ChargingSession(id="car", arrival_step=START - 4, departure_step=44, energy_kwh=30.0, power_kw=11.0)
    pool = replace(battery_site("pool"), assets=(car, *battery_site("pool", wear=0.01).assets))
    baseline = np.zeros(48)
    baseline[START - 4 : START + 7] = 11.0
    award = award_of([pool], 11.0, [40.0], baselines_kw=(baseline,))
    before = spread_award(award).plan
    assert before is not None
    full = np.where(np.arange(48) < START + 8, 11.0, 0.0)
    after = repair_award(award, before, now_step=START, failures=[fails("pool", "car", START, full)])
    assert after.plan is not None
    assert after.announced == ()
    battery = after.plan.sites[0].asset("battery-pool").power_kw
    assert battery[START:END] == pytest.approx(np.full(4, -11.0), abs=1e-3)


def test_an_award_nobody_can_keep_has_no_plan_and_says_so() -> None:
    outcome = spread_award(award_of([battery_site("a")], 60.0, [40.0]))
    assert outcome.plan is None
    assert outcome.findings[0].rule == "award.no_plan"
    loose = replace(WINDOW, delivery=Delivery.AT_LEAST)
    assert spread_award(award_of([battery_site("a")], 30.0, [40.0], window=loose)).plan is not None
