"""Assets that give power back or take less: PV, combined heat and power, bidirectional sessions, continuous lines."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.problems.series import FloatArray, freeze_series


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PvPlant:
    """Solar panels that can be curtailed.

    Attributes:
        id: id of the plant.
        available_kw: what the sun allows per step, shape (steps,).
    """

    id: str
    available_kw: FloatArray

    def __post_init__(self) -> None:
        freeze_series(self, "available_kw")


@dataclass(frozen=True, slots=True, kw_only=True)
class BidirectionalSession:
    """A vehicle that may also discharge while it is plugged in.

    Attributes:
        id: id of the session.
        arrival_step: first step in which it can charge or discharge.
        departure_step: step at whose start it leaves; exclusive.
        capacity_kwh: energy its battery can hold.
        arrival_kwh: energy held at arrival.
        departure_kwh: least energy held at departure.
        charge_kw: highest power drawn from the connection.
        discharge_kw: highest power delivered to the connection.
        lowest_kwh: level it never goes below: the guaranteed minimum, or how deep the owner lets it go.
        charge_efficiency: energy stored per energy drawn.
        discharge_efficiency: energy delivered per energy taken out.
        wear_eur_per_kwh: wear per kWh delivered.
        double_tax_eur_per_kwh: energy tax that is paid once more on every kWh delivered and bought back.
    """

    id: str
    arrival_step: int
    departure_step: int
    capacity_kwh: float
    arrival_kwh: float
    departure_kwh: float
    charge_kw: float
    discharge_kw: float
    lowest_kwh: float = 0.0
    charge_efficiency: float = 0.95
    discharge_efficiency: float = 0.95
    wear_eur_per_kwh: float = 0.0
    double_tax_eur_per_kwh: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChpUnit:
    """Combined heat and power: extra electricity in a peak, at a loss where the heat has no use.

    Attributes:
        id: id of the unit.
        most_kw: electric power at full load.
        least_kw: lowest electric power while running.
        heat_limit_kw: electric power up to which the heat is used per step, shape (steps,).
        running_eur_per_kwh: fuel and overhaul, less the value of used heat, per electric kWh.
        heat_loss_eur_per_kwh: further cost per electric kWh whose heat is lost.
        start_eur: cost per start.
        ramp_kw: largest change of power from step to step; None for no limit.
        start_steps: steps from the announcement until a unit that stands still can run.
        is_running: whether it runs before step 0.
    """

    id: str
    most_kw: float
    least_kw: float
    heat_limit_kw: FloatArray
    running_eur_per_kwh: float
    heat_loss_eur_per_kwh: float = 0.0
    start_eur: float = 0.0
    ramp_kw: float | None = None
    start_steps: int = 0
    is_running: bool = False

    def __post_init__(self) -> None:
        freeze_series(self, "heat_limit_kw")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinuousUnit:
    """A line that runs day and night and can be turned down for at least a shift.

    Attributes:
        id: id of the unit.
        normal_kw: power in normal production.
        least_kw: lowest power while turned down.
        shortest_steps: least number of steps it stays turned down, such as one shift.
        notice_steps: steps between the announcement and the first step that is turned down.
        loss_eur_per_kwh: lost production and part-load loss per kWh left out.
        interruption_eur: start-up cost per interruption.
        most_interruptions: how often it may be turned down within the grid.
    """

    id: str
    normal_kw: float
    least_kw: float
    shortest_steps: int
    notice_steps: int = 0
    loss_eur_per_kwh: float = 0.0
    interruption_eur: float = 0.0
    most_interruptions: int = 1
