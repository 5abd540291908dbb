"""Proof that the search searches: algorithms against each other on a table of networks."""
