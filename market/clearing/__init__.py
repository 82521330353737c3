"""Clearing: from domain to problem and back, with rounding, reason codes and certificates."""
