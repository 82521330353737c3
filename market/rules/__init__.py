"""Market rules, each with id, text, source and a function that returns findings."""
