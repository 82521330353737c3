"""The nouns of the market."""
