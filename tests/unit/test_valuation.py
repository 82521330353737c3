"""What flexibility is worth per contract form, against figures worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from market.errors import RefusedInputError
from market.offers.valuation import (
    Capability,
    ContractForm,
    ContractTerms,
    ExpectedCalls,
    value_contracts,
)
from market.snapshot import from_plain, to_plain

D = Decimal
EVENING = ExpectedCalls(
    label="winter evening", calls_per_year=D(60), quarter_hours=16, notice_h=D(24), shortage_mw=D(10)
)
MORNING = ExpectedCalls(
    label="winter morning", calls_per_year=D(20), quarter_hours=4, notice_h=D(2), shortage_mw=D("0.5")
)
LONG = Capability(quarter_hours=16, mw=D("0.6"), cost_eur_per_mwh=D(100), notice_h=D(24), reliability=D("0.9"))
SHORT = Capability(quarter_hours=4, mw=D(1), cost_eur_per_mwh=D(40), notice_h=D(1), reliability=D("0.8"))


def terms(form: ContractForm, **changes: object) -> ContractTerms:
    made = ContractTerms(
        form=form,
        term_years=D(5),
        opt_out_after_years=D(2),
        activation_eur_per_mwh=D(300),
        fine_eur_per_mwh=D(500),
        yearly_cost_eur=D(1000),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_on_call_counts_every_call_that_the_assets_can_do() -> None:
    offered = terms(ContractForm.ON_CALL, availability_eur_per_mw_year=D(10_000))
    (value,) = value_contracts([EVENING, MORNING], [LONG, SHORT], [offered])
    # Evening 60 x 4 h x 0.6 MW = 144 MWh with LONG; morning 20 x 1 h x 0.5 MW = 10 MWh with SHORT, capped by the need.
    assert (value.calls, value.energy_mwh, value.mw) == (D(80), D(154), D("0.6"))
    assert value.mean_call_h == D(260) / 80
    assert value.revenue_eur == 300 * 154 + 10_000 * D("0.6")
    assert value.cost_eur == 144 * 100 + 10 * 40 + 1000
    # Misses: 6 evenings and 4 mornings, 14.4 + 2 MWh; one of ten is free.
    assert value.expected_fine_eur == 500 * D("16.4") * D("0.9")
    assert value.worst_fine_eur == 500 * 154 * (1 - D(3) / 80)
    assert value.committed_years == 2
    assert value.committed_result_eur == 2 * value.result_eur
    assert value.in_planning


def test_redispatch_is_paid_when_taken_and_only_a_duty_can_be_fined() -> None:
    duty, free = value_contracts(
        [EVENING],
        [LONG],
        [
            terms(ContractForm.REDISPATCH_DUTY, acceptance=D("0.5")),
            terms(ContractForm.REDISPATCH_FREE, acceptance=D("0.5"), opt_out_after_years=None),
        ],
    )
    assert (duty.calls, duty.revenue_eur) == (D(30), D(300 * 72))
    assert (free.calls, free.revenue_eur) == (D(27), 300 * D("64.8"))  # only offered on the 90 % of days it is there
    assert duty.expected_fine_eur == 500 * D("7.2") * (1 - D(1) / 3)
    assert free.expected_fine_eur == free.worst_fine_eur == 0
    assert (duty.in_planning, free.in_planning) == (True, False)
    assert free.committed_years == 5


def test_fixed_windows_and_blocks_act_every_time_whether_called_or_not() -> None:
    fixed, block = value_contracts(
        [MORNING],
        [LONG, SHORT],
        [
            terms(
                ContractForm.FIXED_WINDOW,
                committed_h_per_year=D(1040),
                block_quarter_hours=16,
                activation_eur_per_mwh=D(0),
                availability_eur_per_mw_year=D(150_000),
            ),
            terms(
                ContractForm.TIME_BLOCK,
                committed_h_per_year=D(520),
                block_quarter_hours=8,
                activation_eur_per_mwh=D(0),
                discount_eur_per_mw_year=D(20_000),
                night_mw=D("0.3"),
                night_eur_per_mw_year=D(90_000),
            ),
        ],
    )
    assert (fixed.calls, fixed.mean_call_h, fixed.energy_mwh) == (D(260), D(4), D(624))
    assert fixed.revenue_eur == 90_000
    assert fixed.cost_eur == 62_400 + 1000
    assert block.calls == 260
    assert block.revenue_eur == D("0.6") * 20_000 + D("0.3") * 90_000


def test_calls_beyond_the_assets_are_said_and_not_paid() -> None:
    (value,) = value_contracts([EVENING, MORNING], [SHORT], [terms(ContractForm.ON_CALL)])
    assert value.energy_mwh == 10
    assert value.remarks == ("winter evening: 60 times 4 h with 24 h notice is beyond what the assets can do",)
    late = replace(SHORT, notice_h=D(3))
    (nothing,) = value_contracts([MORNING], [late], [terms(ContractForm.ON_CALL)])
    assert (nothing.mw, nothing.revenue_eur, nothing.calls) == (D(0), D(0), D(0))
    assert nothing.result_eur == -1000


def test_senseless_input_is_refused_with_every_finding() -> None:
    with pytest.raises(RefusedInputError) as refused:
        value_contracts(
            [replace(EVENING, calls_per_year=D(-1), quarter_hours=0)],
            [replace(LONG, reliability=D(2))],
            [terms(ContractForm.FIXED_WINDOW), terms(ContractForm.ON_CALL, acceptance=D(2), term_years=D(0))],
        )
    assert len(refused.value.findings) == 6


def test_inputs_survive_a_file() -> None:
    for value in (EVENING, LONG, terms(ContractForm.TIME_BLOCK)):
        assert from_plain(type(value), to_plain(value)) == value
