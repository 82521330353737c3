"""Formulations: every model written once, in Pyomo."""
