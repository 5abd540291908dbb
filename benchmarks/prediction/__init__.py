"""How well a device table predicts the latency of whole models."""
