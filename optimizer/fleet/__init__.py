"""Fleets: exact aggregation of sessions and coordination by prices."""
