"""The independent judge: feasibility and cost recomputed from problem and result alone, never from the model."""
