"""Measurements: generated and published instances, engines side by side, results as committed files.

``python -m benchmarks SUITE`` runs a suite; ``benchmarks/registry.py`` tells how to register a case.
"""
