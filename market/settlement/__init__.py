"""Settlement: what was delivered against which baseline, and what follows from it."""
