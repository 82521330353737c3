"""Suites: each module registers its cases in ``CASES``; see `benchmarks.registry`."""
