"""Learning from the original model's outputs on unlabelled frames."""
