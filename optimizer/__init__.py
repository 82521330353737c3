"""What the numbers say: problems, formulations, the solver session and its independent judge."""
