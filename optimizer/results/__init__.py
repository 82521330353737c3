"""Results: solver arrays turned into dataclasses and frames people can read."""
