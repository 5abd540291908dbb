"""How the factors of a layer are put in a row in its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

Weighted = nn.Linear | nn.Conv2d


def in_a_row(
    layers: Sequence[Weighted], weights: Sequence[Tensor], bias: Tensor | None, original: Weighted
) -> nn.Sequential:
    """The layers in a row with these weights, and the bias in the last one.

    Data type, device, mode and whether it learns are those of the original.
    """
    with torch.no_grad():
        for layer, weight in zip(layers, weights, strict=True):
            layer.weight.copy_(weight.reshape(layer.weight.shape))
        last = layers[-1].bias
        if bias is not None and last is not None:
            last.copy_(bias)
    sequence = nn.Sequential(*layers).to(original.weight.device, original.weight.dtype)
    sequence.requires_grad_(original.weight.requires_grad)
    return sequence.train(original.training)


def steps(layer: nn.Conv2d, axis: int | None = None) -> dict[str, Any]:
    """Stride, padding and dilation of a layer, or of one axis of it (0 rows, 1 columns)."""

    def along(values: tuple[int, ...], rest: int) -> tuple[int, ...]:
        return tuple(v if axis in (None, a) else rest for a, v in enumerate(values))

    padding = layer.padding
    return {
        "stride": along(layer.stride, 1),
        "padding": padding if isinstance(padding, str) else along(padding, 0),
        "dilation": along(layer.dilation, 1),
        "padding_mode": layer.padding_mode,
    }


def kernel(layer: nn.Conv2d) -> tuple[int, int]:
    """Rows and columns of the kernel."""
    rows, columns = layer.kernel_size
    return rows, columns


def pixels(maps: Tensor) -> Tensor:
    """[n, channels, height, width] as a row of channels for each pixel."""
    return maps.movedim(1, -1).flatten(0, -2)
