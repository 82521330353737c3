"""What is my flexibility worth? Yearly revenue, cost, calls and exposure for every form of contract.

The operator's flexibility expectation says how often, how long and when it expects congestion. A company's capability
says how much it can leave out for how long and what that costs. A contract form decides which calls count, what is
paid for being there and for acting, and what a miss costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from market.domain.money import to_cents
from market.errors import RefusedInputError
from optimizer.findings import Finding

QUARTERS: Final = Decimal(4)


class ContractForm(StrEnum):
    """Form of contract.

    `FIXED_WINDOW`: less power in fixed windows, every time (CBC with a fixed window). `ON_CALL`: less power when called
    a day ahead. `REDISPATCH_DUTY`: bids are owed when the operator asks. `REDISPATCH_FREE`: bids as one pleases.
    `TIME_BLOCK`: transport rights in time blocks only, with extra capacity at night (blokstroom).
    """

    FIXED_WINDOW = "fixed_window"
    ON_CALL = "on_call"
    REDISPATCH_DUTY = "redispatch_duty"
    REDISPATCH_FREE = "redispatch_free"
    TIME_BLOCK = "time_block"


ALWAYS: Final = (ContractForm.FIXED_WINDOW, ContractForm.TIME_BLOCK)
"""Forms that act in every occurrence of their window, called or not."""
IN_PLANNING: Final = frozenset(ContractForm) - {ContractForm.REDISPATCH_FREE}
"""Forms that let the operator plan with the capacity; voluntary bids do not (study 1396-1400)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedCalls:
    """One line of a flexibility expectation: calls of one kind in a year.

    Attributes:
        label: season and window for people, such as "winter evening".
        calls_per_year: calls expected.
        quarter_hours: length of a call.
        notice_h: hours between the call and its start.
        shortage_mw: MW the operator is short in the area; more than that is not called.
    """

    label: str
    calls_per_year: Decimal
    quarter_hours: int
    notice_h: Decimal
    shortage_mw: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """What a company can do for one block length.

    Attributes:
        quarter_hours: longest call it holds for.
        mw: flexibility throughout such a call.
        cost_eur_per_mwh: what it costs the assets.
        notice_h: notice they need.
        reliability: share of calls on which it is there.
    """

    quarter_hours: int
    mw: Decimal
    cost_eur_per_mwh: Decimal
    notice_h: Decimal
    reliability: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractTerms:
    """Terms of one contract on offer.

    Attributes:
        form: form of contract.
        term_years: length of the contract.
        opt_out_after_years: year after which it may be ended; None without that right.
        availability_eur_per_mw_year: paid for being there.
        activation_eur_per_mwh: paid for acting; the own bid price under redispatch.
        acceptance: share of expected calls in which this offer is taken, 0 to 1; 1 outside redispatch.
        committed_h_per_year: hours of the fixed windows or blocks per year; 0 for contracts on call.
        block_quarter_hours: length of one such window; 0 for contracts on call.
        free_misses: misses per contract year without fine: the yellow cards, first year and later years.
        fine_eur_per_mwh: fine per MWh missed beyond them.
        discount_eur_per_mw_year: discount on the transport tariff.
        night_mw: extra capacity outside the blocks.
        night_eur_per_mw_year: what a MW of it is worth to the company.
        yearly_cost_eur: staff, contract and signal, whatever is called.
    """

    form: ContractForm
    term_years: Decimal
    opt_out_after_years: Decimal | None = None
    availability_eur_per_mw_year: Decimal = Decimal(0)
    activation_eur_per_mwh: Decimal = Decimal(0)
    acceptance: Decimal = Decimal(1)
    committed_h_per_year: Decimal = Decimal(0)
    block_quarter_hours: int = 0
    free_misses: tuple[int, int] = (3, 1)
    fine_eur_per_mwh: Decimal = Decimal(0)
    discount_eur_per_mw_year: Decimal = Decimal(0)
    night_mw: Decimal = Decimal(0)
    night_eur_per_mw_year: Decimal = Decimal(0)
    yearly_cost_eur: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """One form of contract for one company, per year unless said otherwise.

    Attributes:
        form: form of contract.
        mw: flexibility contracted.
        calls: times it has to act.
        mean_call_h: mean length of those times; 0 without calls.
        energy_mwh: energy left out.
        revenue_eur: payments, discounts and the value of extra capacity.
        cost_eur: costs of the assets and of being in the contract, without fines.
        expected_fine_eur: fines at the stated reliability in a later year, beyond the free misses.
        worst_fine_eur: fines if every call is missed, first year.
        committed_years: years until it may be left.
        in_planning: whether the operator can plan with it, so that it frees capacity for the queue.
        remarks: what could not be counted, one sentence each.
    """

    form: ContractForm
    mw: Decimal
    calls: Decimal
    mean_call_h: Decimal
    energy_mwh: Decimal
    revenue_eur: Decimal
    cost_eur: Decimal
    expected_fine_eur: Decimal
    worst_fine_eur: Decimal
    committed_years: Decimal
    in_planning: bool
    remarks: tuple[str, ...]

    @property
    def result_eur(self) -> Decimal:
        """Revenue less costs and expected fines."""
        return self.revenue_eur - self.cost_eur - self.expected_fine_eur

    @property
    def committed_result_eur(self) -> Decimal:
        """Result over the years until the contract may be left."""
        return to_cents(self.result_eur * self.committed_years)


def value_contracts(
    expectation: Sequence[ExpectedCalls], capabilities: Sequence[Capability], terms: Sequence[ContractTerms]
) -> tuple[Valuation, ...]:
    """Value every contract on offer, in the order given.

    Raises:
        RefusedInputError: an input makes no sense; all findings are listed.
    """
    faults = _faults(expectation, capabilities, terms)
    if faults:
        raise RefusedInputError(faults)
    return tuple(_value(expectation, capabilities, one) for one in terms)


def _value(expectation: Sequence[ExpectedCalls], capabilities: Sequence[Capability], terms: ContractTerms) -> Valuation:
    remarks: list[str] = []
    duties = _standing_duties(terms) if terms.form in ALWAYS else expectation
    acts: list[tuple[Decimal, Decimal, Decimal, Capability]] = []
    for line in duties:
        able = _fitting(capabilities, line)
        if able is None:
            remarks.append(
                f"{line.label}: {line.calls_per_year.normalize():f} times {Decimal(line.quarter_hours) / QUARTERS} h"
                f" with {line.notice_h.normalize():f} h notice is beyond what the assets can do"
            )
            continue
        share = terms.acceptance * (able.reliability if terms.form is ContractForm.REDISPATCH_FREE else Decimal(1))
        acts.append(
            (line.calls_per_year * share, Decimal(line.quarter_hours) / QUARTERS, min(able.mw, line.shortage_mw), able)
        )
    mw = min((m for _, _, m, _ in acts), default=Decimal(0)) if terms.form in ALWAYS else _largest(acts)
    calls = sum((n for n, _, _, _ in acts), Decimal(0))
    hours = sum((n * h for n, h, _, _ in acts), Decimal(0))
    energy = sum((n * h * m for n, h, m, _ in acts), Decimal(0))
    asset_cost = sum((n * h * m * able.cost_eur_per_mwh for n, h, m, able in acts), Decimal(0))
    activation = terms.activation_eur_per_mwh * energy
    standing = (terms.availability_eur_per_mw_year + terms.discount_eur_per_mw_year) * mw
    night = terms.night_mw * terms.night_eur_per_mw_year if mw > 0 else Decimal(0)
    expected, worst = _fines(terms, acts)
    years = terms.term_years
    if terms.opt_out_after_years is not None:
        years = min(years, terms.opt_out_after_years)
    return Valuation(
        form=terms.form,
        mw=mw,
        calls=calls,
        mean_call_h=hours / calls if calls else Decimal(0),
        energy_mwh=energy,
        revenue_eur=to_cents(activation + standing + night),
        cost_eur=to_cents(asset_cost + terms.yearly_cost_eur),
        expected_fine_eur=to_cents(expected),
        worst_fine_eur=to_cents(worst),
        committed_years=years,
        in_planning=terms.form in IN_PLANNING,
        remarks=tuple(remarks),
    )


def _standing_duties(terms: ContractTerms) -> tuple[ExpectedCalls, ...]:
    """A fixed window as calls that come every time."""
    if terms.block_quarter_hours == 0:
        return ()
    length = Decimal(terms.block_quarter_hours) / QUARTERS
    return (
        ExpectedCalls(
            label=f"fixed block of {length} h",
            calls_per_year=terms.committed_h_per_year / length,
            quarter_hours=terms.block_quarter_hours,
            notice_h=Decimal(24 * 365),
            shortage_mw=Decimal("Infinity"),
        ),
    )


def _fitting(capabilities: Sequence[Capability], line: ExpectedCalls) -> Capability | None:
    """The capability with most MW that lasts as long as the call and needs no more notice."""
    able = [c for c in capabilities if c.quarter_hours >= line.quarter_hours and c.notice_h <= line.notice_h and c.mw]
    return max(able, key=lambda c: (c.mw, -c.cost_eur_per_mwh, -c.quarter_hours), default=None)


def _largest(acts: Sequence[tuple[Decimal, Decimal, Decimal, Capability]]) -> Decimal:
    return max((mw for _, _, mw, _ in acts), default=Decimal(0))


def _fines(
    terms: ContractTerms, acts: Sequence[tuple[Decimal, Decimal, Decimal, Capability]]
) -> tuple[Decimal, Decimal]:
    """Expected fine in a later year and the fine if everything is missed in the first; none where bids are free."""
    calls = sum((n for n, _, _, _ in acts), Decimal(0))
    if terms.form is ContractForm.REDISPATCH_FREE or not calls:
        return Decimal(0), Decimal(0)
    missed = sum((n * (1 - able.reliability) for n, _, _, able in acts), Decimal(0))
    lost_mwh = sum((n * (1 - able.reliability) * h * m for n, h, m, able in acts), Decimal(0))
    energy = sum((n * h * m for n, h, m, _ in acts), Decimal(0))
    first, later = terms.free_misses
    fined = max(Decimal(0), 1 - later / missed) if missed else Decimal(0)
    return (
        terms.fine_eur_per_mwh * lost_mwh * fined,
        terms.fine_eur_per_mwh * energy * max(Decimal(0), 1 - first / calls),
    )


def _faults(
    expectation: Sequence[ExpectedCalls], capabilities: Sequence[Capability], terms: Sequence[ContractTerms]
) -> list[Finding]:
    found = []

    def require(holds: bool, path: str, message: str) -> None:
        if not holds:
            found.append(Finding(rule="valuation.input", path=path, message=message))

    for k, line in enumerate(expectation):
        path = f"expectation[{k}]"
        require(line.calls_per_year >= 0, path, f"{line.label}: the number of calls is negative")
        require(line.quarter_hours > 0, path, f"{line.label}: a call lasts at least a quarter-hour")
        require(line.shortage_mw >= 0, path, f"{line.label}: the shortage is negative")
    for k, able in enumerate(capabilities):
        path = f"capabilities[{k}]"
        require(able.quarter_hours > 0 and able.mw >= 0, path, "a capability lasts a quarter-hour and has MW")
        require(0 <= able.reliability <= 1, path, "reliability is a share between 0 and 1")
    for k, one in enumerate(terms):
        path = f"terms[{k}]"
        require(0 <= one.acceptance <= 1, path, f"{one.form.value}: acceptance is a share between 0 and 1")
        require(one.term_years > 0, path, f"{one.form.value}: a contract has a term")
        always = one.form in ALWAYS
        standing = one.committed_h_per_year > 0 and one.block_quarter_hours > 0
        require(standing or not always, path, f"{one.form.value}: needs committed hours and the length of a block")
        require(min(one.free_misses) >= 0, path, f"{one.form.value}: the number of free misses is negative")
    return found
