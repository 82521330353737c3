"""Benchmark registry: cases, phases and engines, measured in the same run."""
