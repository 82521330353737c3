"""From an award to a schedule per asset: feasible, cheapest, fair, and repaired at once when a member fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimizer.findings import Finding
from optimizer.offers.fairness import Fairness, share_fairly
from optimizer.offers.group_program import MISSED, Past
from optimizer.offers.offer_session import OfferSession, Question
from optimizer.offers.offer_window import OfferWindow
from optimizer.problems.assets import Asset, BaseLoad, Batch
from optimizer.problems.clock import say_hours
from optimizer.problems.series import FloatArray
from optimizer.problems.site import SiteProblem
from optimizer.results.offers import GroupPlan, MemberShare
from optimizer.solver.options import SolverOptions
from optimizer.solver.outcome import Outcome

NOTICEABLE_KWH = 1e-3
MISS_HAIR_KWH = 1e-4
"""What cost may add to the smallest miss: a tenth of a watt-hour, above the solver's tolerance and below notice."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupAward:
    """What a group owes and who belongs to it.

    Attributes:
        sites: the members, one connection each.
        window: steps, direction and kind of delivery; the steps are those in which something is owed.
        relief_kw: flexibility owed per step, shape (steps,).
        baselines_kw: baseline of each member, shape (steps,) each; the group is measured against their sum.
        capability_kwh: what each member was registered with, for sharing.
        fairness: rule that tells equally cheap plans apart.
        turn: number of awards before this one, for rotation.
    """

    sites: tuple[SiteProblem, ...]
    window: OfferWindow
    relief_kw: FloatArray
    baselines_kw: tuple[FloatArray, ...]
    capability_kwh: tuple[float, ...]
    fairness: Fairness = Fairness.PROPORTIONAL
    turn: int = 0

    @property
    def baseline_kw(self) -> FloatArray:
        """Baseline of the group."""
        return sum(self.baselines_kw, np.zeros(len(self.relief_kw)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AwardOutcome:
    """The schedules that keep an award, or why there are none.

    Attributes:
        plan: plan of every member; None when there is none.
        shares: what each member contributes.
        announced: shortfall in words, to be sent to the operator at once; empty when the award is kept.
        findings: why there is no plan.
    """

    plan: GroupPlan | None
    shares: tuple[MemberShare, ...] = ()
    announced: tuple[Finding, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Failure:
    """An asset that no longer follows its schedule.

    Attributes:
        site_id: its connection.
        asset_id: the asset.
        from_step: first step in which it fails.
        power_kw: what it draws from then on, shape (steps,); zeros for a car that left or a chiller that tripped, the
            uncontrolled profile for a charger that fell back to it.
    """

    site_id: str
    asset_id: str
    from_step: int
    power_kw: FloatArray


def spread_award(award: GroupAward, *, options: SolverOptions | None = None) -> AwardOutcome:
    """Turn an award into a schedule per asset that keeps it in every step.

    Cost comes first; among the cheapest plans the fairness rule decides.

    Raises:
        InvalidProblemError: the input has faults.
        VerificationError: the plan did not pass the independent check.
    """
    session = OfferSession(award.sites, award.window, award.baseline_kw, options=options)
    return _spread(session, award, missed_kwh=0.0)


def repair_award(
    award: GroupAward,
    plan: GroupPlan,
    *,
    now_step: int,
    failures: Sequence[Failure],
    options: SolverOptions | None = None,
) -> AwardOutcome:
    """Plan the rest of an award again after members failed, as close to the promise as the others can come.

    What happened before ``now_step`` stays. The smallest possible miss comes first, then cost, then fairness; what
    remains short is announced.

    Args:
        award: the award.
        plan: the schedule in force.
        now_step: first step that can still be changed.
        failures: what failed; every failing asset draws what its failure says.
        options: solver options.

    Raises:
        InvalidProblemError: the input has faults.
        VerificationError: the plan did not pass the independent check.
    """
    done = {site.site_id: {a.asset_id: a.power_kw for a in site.assets} for site in plan.sites}
    sites = tuple(_with_failures(site, done[site.id], now_step, failures) for site in award.sites)
    past = [Past(steps=now_step, power_kw=done[site.id]) for site in sites]
    changed = replace(award, sites=sites)
    session = OfferSession(sites, award.window, award.baseline_kw, options=options, past=past)
    least = session.ask(Question(objective=MISSED, relief_kw=award.relief_kw, missed_kwh=np.inf))
    if least.incumbent is None:
        return AwardOutcome(plan=None, findings=session.impossibilities() or (_no_plan(),))
    missed = float(least.incumbent.objective)
    return _spread(session, changed, missed_kwh=missed + MISS_HAIR_KWH)


def _spread(session: OfferSession, award: GroupAward, *, missed_kwh: float) -> AwardOutcome:
    question = Question(relief_kw=award.relief_kw, missed_kwh=missed_kwh)
    while True:
        cheapest = session.settle(session.ask(question))
        if cheapest.incumbent is None:
            return AwardOutcome(plan=None, findings=session.impossibilities() or (_no_plan(),))
        fair = share_fairly(
            session,
            cheapest,
            rule=award.fairness,
            capability_kwh=award.capability_kwh,
            baselines_kw=award.baselines_kw,
            turn=award.turn,
        )
        if not session.guard(fair):
            break
    plan = replace(session.read(_priced_by(fair, cheapest), award.relief_kw), bound_eur=cheapest.bound)
    return AwardOutcome(plan=plan, shares=_shares(award, plan), announced=_announce(award, plan))


def _priced_by(fair: Outcome, cheapest: Outcome) -> Outcome:
    """Keep the shadow prices of the cost stage: they hold for every cheapest plan, those of fairness are no money."""
    if fair.incumbent is None or cheapest.incumbent is None:
        return fair
    priced = replace(
        fair.incumbent,
        row_duals=cheapest.incumbent.row_duals,
        reduced_costs=cheapest.incumbent.reduced_costs,
    )
    return replace(fair, incumbent=priced)


def _with_failures(
    site: SiteProblem, done_kw: dict[str, FloatArray], now_step: int, failures: Sequence[Failure]
) -> SiteProblem:
    mine = {failure.asset_id: failure for failure in failures if failure.site_id == site.id}
    if not mine:
        return site
    steps = np.arange(site.grid.steps)
    assets: list[Asset] = []
    for asset in site.assets:
        failure = mine.get(asset.id)
        if failure is not None:
            stays = steps < max(now_step, failure.from_step)
            assets.append(BaseLoad(id=asset.id, power_kw=np.where(stays, done_kw[asset.id], failure.power_kw)))
        elif isinstance(asset, Batch) and set(asset.after) & set(mine):
            assets.append(replace(asset, after=tuple(name for name in asset.after if name not in mine)))
        else:
            assets.append(asset)
    return replace(site, assets=tuple(assets))


def _shares(award: GroupAward, plan: GroupPlan) -> tuple[MemberShare, ...]:
    step_h = award.sites[0].grid.step_h
    found = []
    for site, baseline, capability in zip(plan.sites, award.baselines_kw, award.capability_kwh, strict=True):
        net = sum((asset.power_kw for asset in site.assets), np.zeros(len(baseline)))
        energy = step_h * float(award.window.delivered_kw(baseline, net).sum())
        found.append(MemberShare(site_id=site.site_id, capability_kwh=capability, delivered_kwh=energy))
    return tuple(found)


def _announce(award: GroupAward, plan: GroupPlan) -> tuple[Finding, ...]:
    grid = award.sites[0].grid
    found = []
    for rule, words, series in (
        ("award.short", "short of its promise", plan.short_kw),
        ("award.over", "beyond its exact promise", plan.over_kw),
    ):
        energy = grid.step_h * float(series.sum())
        if energy > NOTICEABLE_KWH:
            steps = [int(t) for t in np.flatnonzero(series > NOTICEABLE_KWH)]
            text = f"the group is {energy:.2f} kWh {words}, at most {series.max():.2f} kW: {say_hours(grid, steps)}"
            found.append(Finding(rule=rule, path="relief_kw", message=text, value=f"{energy:.3f} kWh"))
    return tuple(found)


def _no_plan() -> Finding:
    text = "no plan of these members keeps the award in every step"
    return Finding(rule="award.no_plan", path="relief_kw", message=text)
