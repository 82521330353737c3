"""HTTP routes of version 1."""
