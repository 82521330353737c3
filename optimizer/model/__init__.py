"""From a Pyomo model to a frozen, labelled linear program."""
