"""Second-order zone after ISO 13790 (simple hourly method): air and surface respond at once, the mass slowly.

Five conductances and one capacity: windows, ventilation and the opaque envelope to outdoors; mass to surface and
surface to air inside. A first-order zone lets the chiller empty the whole building at once; here the air follows the
machine within a step and the mass does not, which is what limits pre-cooling.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from optimizer.problems.series import FloatArray, freeze_series

MASS_TO_SURFACE_W_M2K: Final = 9.1
SURFACE_TO_AIR_W_M2K: Final = 3.45
AIR_J_M3K: Final = 1200.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MassiveZone:
    """One zone with air, surface and mass temperature, a heat pump and a chiller.

    Attributes:
        id: id of the zone.
        window_kw_per_k: conductance of the windows (H_tr,w).
        ventilation_kw_per_k: conductance of ventilation and infiltration (H_ve).
        envelope_kw_per_k: conductance from mass to outdoors (H_tr,em).
        mass_to_surface_kw_per_k: H_tr,ms.
        surface_to_air_kw_per_k: H_tr,is.
        capacity_kwh_per_k: capacity of the mass (C_m).
        initial_mass_c: mass temperature at the start of step 0.
        outdoor_temperature_c: per step, shape (steps,).
        air_gains_kw, surface_gains_kw, mass_gains_kw: gains at each node per step, shape (steps,).
        lower_c, upper_c: comfort band of the air temperature per step, shape (steps,).
        heat_pump_kw, chiller_kw: highest electric powers.
        heat_pump_cop, chiller_cop: heat and cold per electric energy per step, shape (steps,).
        discomfort_eur_per_kh: price of a kelvin-hour outside the band; None makes the band hard.
        final_mass_lower_c, final_mass_upper_c: mass temperature at the end of the grid; None for free.
    """

    id: str
    window_kw_per_k: float
    ventilation_kw_per_k: float
    envelope_kw_per_k: float
    mass_to_surface_kw_per_k: float
    surface_to_air_kw_per_k: float
    capacity_kwh_per_k: float
    initial_mass_c: float
    outdoor_temperature_c: FloatArray
    air_gains_kw: FloatArray
    surface_gains_kw: FloatArray
    mass_gains_kw: FloatArray
    lower_c: FloatArray
    upper_c: FloatArray
    heat_pump_kw: float
    heat_pump_cop: FloatArray
    chiller_kw: float
    chiller_cop: FloatArray
    discomfort_eur_per_kh: float | None = None
    final_mass_lower_c: float | None = None
    final_mass_upper_c: float | None = None

    def __post_init__(self) -> None:
        freeze_series(
            self,
            "outdoor_temperature_c",
            "air_gains_kw",
            "surface_gains_kw",
            "mass_gains_kw",
            "lower_c",
            "upper_c",
            "heat_pump_cop",
            "chiller_cop",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class IsoBuilding:
    """A building in the terms of ISO 13790, from which conductances and the split of gains follow.

    Attributes:
        floor_m2: conditioned floor area A_f.
        internal_area_m2: area of all surfaces facing the zone A_t; 4.5 floor areas where unknown.
        window_m2: window area.
        opaque_m2: opaque envelope area.
        window_w_m2k: U-value of the windows.
        opaque_w_m2k: U-value of the opaque envelope.
        volume_m3: air volume.
        air_changes_per_h: ventilation and infiltration, after heat recovery.
        capacity_j_m2k: mass per floor area; 165,000 for a medium building.
        mass_area_per_floor: effective mass area per floor area; 2.5 for a medium building.
    """

    floor_m2: float
    internal_area_m2: float
    window_m2: float
    opaque_m2: float
    window_w_m2k: float
    opaque_w_m2k: float
    volume_m3: float
    air_changes_per_h: float
    capacity_j_m2k: float = 165_000.0
    mass_area_per_floor: float = 2.5

    @property
    def window_kw_per_k(self) -> float:
        """H_tr,w."""
        return self.window_w_m2k * self.window_m2 / 1000.0

    @property
    def mass_to_surface_kw_per_k(self) -> float:
        """H_tr,ms."""
        return MASS_TO_SURFACE_W_M2K * self.mass_area_per_floor * self.floor_m2 / 1000.0

    @property
    def surface_to_air_kw_per_k(self) -> float:
        """H_tr,is."""
        return SURFACE_TO_AIR_W_M2K * self.internal_area_m2 / 1000.0

    @property
    def envelope_kw_per_k(self) -> float:
        """H_tr,em: what is left of the opaque envelope behind the mass."""
        opaque = self.opaque_w_m2k * self.opaque_m2 / 1000.0
        return 1.0 / (1.0 / opaque - 1.0 / self.mass_to_surface_kw_per_k)

    @property
    def ventilation_kw_per_k(self) -> float:
        """H_ve."""
        return AIR_J_M3K * self.volume_m3 * self.air_changes_per_h / 3600.0 / 1000.0

    @property
    def capacity_kwh_per_k(self) -> float:
        """C_m."""
        return self.capacity_j_m2k * self.floor_m2 / 3.6e6

    def split_gains(self, internal_kw: FloatArray, solar_kw: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Split gains over air, surface and mass, each of shape (steps,) (ISO 13790, C.2)."""
        mass_share = self.mass_area_per_floor * self.floor_m2 / self.internal_area_m2
        window_share = self.window_kw_per_k / (MASS_TO_SURFACE_W_M2K * self.internal_area_m2 / 1000.0)
        radiant = 0.5 * internal_kw + solar_kw
        return 0.5 * internal_kw, (1.0 - mass_share - window_share) * radiant, mass_share * radiant
