"""Entry points: check, build, compile, solve, verify and hand back a result."""
