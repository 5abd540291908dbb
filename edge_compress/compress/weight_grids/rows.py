"""A weight as rows, one for each part that has a grid of its own."""

from __future__ import annotations

from torch import Tensor, nn


def channel_axis(layer: nn.Module) -> int:
    """The axis of a weight that counts the layer's output channels."""
    return 1 if isinstance(layer, nn.ConvTranspose2d) else 0


def as_rows(weight: Tensor, axis: int | None) -> Tensor:
    """[channels, elements] along an axis, or [1, elements] where all channels share a grid."""
    return weight.reshape(1, -1) if axis is None else weight.transpose(0, axis).flatten(1)


def from_rows(rows: Tensor, weight: Tensor, axis: int | None) -> Tensor:
    """The inverse of `as_rows`, in the shape of the weight."""
    if axis is None:
        return rows.reshape(weight.shape)
    return rows.reshape(weight.transpose(0, axis).shape).transpose(0, axis)
