"""Figures of the documentation, drawn from the example region: the same command draws the same picture."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from pathlib import Path

import numpy as np

from market.region.parameters import Parameters, load_parameters
from market.region.sites import build_sites
from optimizer.baselines.uncontrolled import plan_uncontrolled
from optimizer.errors import OptimizerError
from optimizer.problems.assets import BuildingZone
from optimizer.problems.site import SiteProblem
from optimizer.problems.windows import CongestionWindow
from optimizer.results.charts import draw_zone, save_chart
from optimizer.runs.site import dispatch_site
