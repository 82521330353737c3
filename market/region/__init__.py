"""The example region: one congested substation, four companies, and the source of every figure."""
