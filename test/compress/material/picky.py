"""Factories of a user's own, as a search meets them."""

from __future__ import annotations

from torch import nn

from edge_compress.compress.networks.mlp import mlp


def picky(hidden: int) -> nn.Module:
    """Will not be built with 16 neurons."""
    if hidden == 16:
        raise RuntimeError("not with 16\nand that is that")
    return mlp(hidden)


def never(hidden: int) -> nn.Module:
    """Will not be built at all."""
    raise RuntimeError(f"not with {hidden} either")
