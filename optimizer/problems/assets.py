"""Assets behind a connection, as data: what each can do, in kW, kWh, degrees Celsius and steps of the time grid.

Consumption is positive power. A step is a quarter-hour unless the grid says otherwise. A step count or index refers to
the time grid of the site the asset belongs to. Every asset has an ``id``, unique on its site.

Another asset type is another frozen dataclass with an ``id``, registered with `optimizer.formulations.site.add_asset`,
`optimizer.problems.checks_site.check_asset` and `optimizer.verify.site.verify_asset`; see ``docs/add_an_asset.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from optimizer.problems.series import FloatArray, freeze_series


class Asset(Protocol):
    """What every asset has: an id that is unique on its site."""

    @property
    def id(self) -> str:
        """Id, unique on the site."""
        ...


class Pausing(StrEnum):
    """What a vehicle tolerates while it is plugged in.

    ``FREE``: any power from zero to the limit at any time. ``MINIMUM``: off, or at least the minimum power; it may
    start and stop. ``NO_RESTART``: charging starts at arrival at no less than the minimum and does not come back once
    it has stopped (vehicles that fall asleep).
    """

    FREE = "free"
    MINIMUM = "minimum"
    NO_RESTART = "no_restart"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingSession:
    """One vehicle plugged in from arrival to departure.

    Attributes:
        id: id of the session.
        arrival_step: first step in which it can charge.
        departure_step: step at whose start it leaves; exclusive.
        energy_kwh: energy the vehicle must have received by departure.
        power_kw: highest power drawn from the connection.
        efficiency: energy into the vehicle per energy drawn.
        pausing: what the vehicle tolerates.
        minimum_kw: lowest power while charging; 1.38 kW is 6 A on one phase, 4.14 kW on three, 1.84 kW the safe 8 A.
        guaranteed_kwh: part of the energy promised early.
        guaranteed_by_step: step by whose start that part is in the vehicle; None without such a promise.
        flexible: False for a guest or priority point, which charges at full power from arrival until it is done.
    """

    id: str
    arrival_step: int
    departure_step: int
    energy_kwh: float
    power_kw: float
    efficiency: float = 1.0
    pausing: Pausing = Pausing.FREE
    minimum_kw: float = 0.0
    guaranteed_kwh: float = 0.0
    guaranteed_by_step: int | None = None
    flexible: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BuildingZone:
    """One thermal zone with a first-order resistance and capacity, a heat pump and a chiller.

    Between two steps the air follows ``C dT/dt = (T_out - T) / R + gains + heating - cooling`` exactly, with inputs
    constant inside a step. The band of a step holds at its start and its end; in between the temperature is monotone.

    Attributes:
        id: id of the zone.
        resistance_k_per_kw: thermal resistance to outdoors.
        capacity_kwh_per_k: thermal capacity that takes part within a day.
        initial_temperature_c: temperature at the start of step 0.
        outdoor_temperature_c: per step, shape (steps,).
        gains_kw: people, equipment and sun, per step, shape (steps,).
        lower_c: lower edge of the comfort band per step, shape (steps,); -inf where none.
        upper_c: upper edge of the comfort band per step, shape (steps,); +inf where none.
        heat_pump_kw: highest electric power for heating; 0 without heat pump.
        heat_pump_cop: heat per electric energy, per step, shape (steps,).
        chiller_kw: highest electric power for cooling; 0 without chiller.
        chiller_cop: cold per electric energy, per step, shape (steps,).
        floor_fraction: lowest part-load share while a machine runs; 0 lets it modulate down to zero.
        discomfort_eur_per_kh: price of a kelvin-hour outside the band; None makes the band hard.
        final_lower_c: lower edge for the temperature at the end of the grid; None for the band of the last step.
        final_upper_c: upper edge for the temperature at the end of the grid; None for the band of the last step.
    """

    id: str
    resistance_k_per_kw: float
    capacity_kwh_per_k: float
    initial_temperature_c: float
    outdoor_temperature_c: FloatArray
    gains_kw: FloatArray
    lower_c: FloatArray
    upper_c: FloatArray
    heat_pump_kw: float
    heat_pump_cop: FloatArray
    chiller_kw: float
    chiller_cop: FloatArray
    floor_fraction: float = 0.0
    discomfort_eur_per_kh: float | None = None
    final_lower_c: float | None = None
    final_upper_c: float | None = None

    def __post_init__(self) -> None:
        freeze_series(self, "outdoor_temperature_c", "gains_kw", "lower_c", "upper_c", "heat_pump_cop", "chiller_cop")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """One production batch: a fixed power profile that runs without interruption once started.

    Notice: a batch that is planned sooner than ``notice_steps`` after the plan is announced stays where it is; any
    other may move, but not to a start sooner than that.

    Attributes:
        id: id of the batch.
        profile_kw: power per running step, shape (duration,).
        earliest_start_step: first step it may start in.
        latest_start_step: last step it may start in.
        planned_start_step: where it starts if nobody asks for flexibility.
        notice_steps: steps between the announcement of a change and the start it changes.
        after: ids of batches that must have ended before this one starts.
        gap_steps: least number of steps between the end of those and the start of this one.
        move_cost_eur: cost of starting anywhere but at the planned step.
    """

    id: str
    profile_kw: FloatArray
    earliest_start_step: int
    latest_start_step: int
    planned_start_step: int
    notice_steps: int = 0
    after: tuple[str, ...] = ()
    gap_steps: int = 0
    move_cost_eur: float = 0.0

    def __post_init__(self) -> None:
        freeze_series(self, "profile_kw")

    @property
    def duration_steps(self) -> int:
        """Number of steps the batch runs."""
        return len(self.profile_kw)


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """A stationary battery.

    Attributes:
        id: id of the battery.
        capacity_kwh: energy it can hold.
        charge_kw: highest power drawn while charging.
        discharge_kw: highest power delivered while discharging.
        initial_kwh: energy held at the start of step 0.
        final_kwh: least energy held at the end of the grid.
        charge_efficiency: energy stored per energy drawn.
        discharge_efficiency: energy delivered per energy taken out of store.
        wear_eur_per_kwh: cost of wear per kWh delivered.
        reserved_kwh: energy never used here, because the owner keeps it for another purpose.
    """

    id: str
    capacity_kwh: float
    charge_kw: float
    discharge_kw: float
    initial_kwh: float
    final_kwh: float = 0.0
    charge_efficiency: float = 0.95
    discharge_efficiency: float = 0.95
    wear_eur_per_kwh: float = 0.0
    reserved_kwh: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BaseLoad:
    """Load that nobody controls.

    Attributes:
        id: id of the load.
        power_kw: consumption per step, shape (steps,); negative where it feeds in.
    """

    id: str
    power_kw: FloatArray

    def __post_init__(self) -> None:
        freeze_series(self, "power_kw")
