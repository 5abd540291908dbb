"""Predicting a model's latency on another machine, from that machine's device table."""
