"""Seeded generators of instances."""
