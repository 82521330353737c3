"""The example region's place: the congested substation and the connections on both sides of it."""

from __future__ import annotations

from market.domain.connection import CongestionArea, Connection
from market.region.parameters import Parameters

AREA_ID = "nieuwe-vaart"
COMPANIES = ("office", "depot", "plant", "datacentre")


def build_area(parameters: Parameters) -> CongestionArea:
    """Build the congested substation."""
    return CongestionArea(id=AREA_ID, name=parameters.text("region.area"), operator=parameters.text("region.operator"))


def build_connections(parameters: Parameters) -> tuple[Connection, ...]:
    """Build the four connections inside the area and the buyers' connections outside it."""
    inside = [
        Connection(
            ean=parameters.text(f"{name}.ean"),
            name=name,
            company=parameters.text(f"{name}.company"),
            area_ids=(AREA_ID,),
        )
        for name in COMPANIES
    ]
    outside = [Connection(ean=ean, name=name, company=name) for ean, name, _, _ in parameters["event.buyers"].value]
    return (*inside, *outside)
