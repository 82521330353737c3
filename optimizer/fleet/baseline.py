"""What a fleet does when nobody steers it: full power from plugging in until the energy is in."""

from __future__ import annotations

import numpy as np

from optimizer.fleet.virtual_sessions import split_energy
from optimizer.problems.fleet import FloatArray, Sessions


def plug_in_power(sessions: Sessions, steps: int, step_h: float, areas: int = 1) -> FloatArray:
    """Power per area and step of sessions that charge at once, areas inside not included, shape (areas, steps)."""
    whole, share = split_energy(sessions, step_h)
    change = np.zeros((areas, steps + 2))
    stop = sessions.arrival + whole
    np.add.at(change, (sessions.area, sessions.arrival), sessions.power_kw)
    np.add.at(change, (sessions.area, stop), (share - 1.0) * sessions.power_kw)
    np.add.at(change, (sessions.area, stop + 1), -share * sessions.power_kw)
    return np.asarray(np.cumsum(change, axis=1)[:, :steps])
