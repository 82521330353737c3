"""Real markets, read from their published records and cleared again."""
