"""The same problem gives the same program and the same plan whatever the hash seed of the process."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.architecture.test_layers import TOP

SCRIPT = """
from benchmarks.fingerprint import instance_hash
from benchmarks.generators.sites import generate_site
from optimizer.formulations.site import first_guards
from optimizer.formulations.site_program import compile_site
from optimizer.runs.site import dispatch_site
problem = generate_site(12, 3)
print(instance_hash(problem))
print(compile_site(problem, first_guards(problem)).program.fingerprint())
plan = dispatch_site(problem).plan
print([asset.power_kw.tolist() for asset in plan.assets])
"""


def test_two_hash_seeds_say_the_same() -> None:
    said = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            cwd=TOP,
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]
    assert said[0].count("\n") == 3
    assert said[0] == said[1]
