"""Cross-layer equalization: the same function from weights whose channels have like ranges."""
