"""Reshapes of a graph that was made for one image size."""

from __future__ import annotations

import torch

from edge_compress.compress.models.static_ops import freed_sizes


def test_the_cells_are_not_taken_for_channels_when_there_are_as_many_of_both():
    reshape = freed_sizes([1, 144, 144], given=[1, 144, 12, 12], made=[1, 144, 144])
    assert reshape(torch.zeros(2, 144, 10, 8)).shape == (2, 144, 80)
    assert reshape(torch.zeros(1, 30, 12, 12)).shape == (1, 30, 144)
