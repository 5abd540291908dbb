"""Weights of few bits: the grids they lie on, and how they are trained there."""
