"""Rivals and oracles: merit order, uncontrolled behaviour, exhaustive search."""
