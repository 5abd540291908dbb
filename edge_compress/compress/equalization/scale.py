"""Scales that give the channels of neighbouring layers like ranges."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from edge_compress.compress.equalization.pairs import Pair, Scalable

SWEEPS = 100
SETTLED = 1e-3  # of every scale from 1


def equalize(pairs: Sequence[Pair]) -> None:
    """Scale the channels between the layers of each pair, in place, until nothing moves.

    With r₁ and r₂ the largest magnitudes of a channel's weights in the first and in the second
    layers, s = √(r₁ / r₂) makes both √(r₁ r₂); pairs share layers, so that all are gone through
    again until all scales are 1. Nagel et al., "Data-Free Quantization Through Weight Equalization
    and Bias Correction", arXiv:1906.04721, section 4.1, equation 11. A channel without weights on
    one side is left as it is.
    """
    for _ in range(SWEEPS):
        if max((_balance(pair) for pair in pairs), default=0.0) < SETTLED:
            return


def channel_precision(pairs: Sequence[Pair]) -> float:
    """How much of a per-tensor range a channel uses, 0-1; 1 when all channels are alike.

    The mean over channels of the product of r / max r before and after, which equalization makes
    as large as it can be: arXiv:1906.04721, equation 9.
    """
    products = []
    for pair in pairs:
        first, second = _ranges(pair)
        used = first * second / (first.max() * second.max()).clamp(min=1e-30)
        products.append(float(used.mean()))
    return sum(products) / len(products)


@torch.no_grad()
def _balance(pair: Pair) -> float:
    first, second = _ranges(pair)
    alive = (first > 0) & (second > 0)
    scale = torch.where(alive, (first / second).sqrt(), torch.ones_like(first))
    pair.first.weight.div_(scale.view(-1, *[1] * (pair.first.weight.dim() - 1)))
    if pair.first.bias is not None:
        pair.first.bias.div_(scale)
    for layer in pair.seconds:
        _scale_inputs(layer, scale)
    return float((scale - 1).abs().max())


def _ranges(pair: Pair) -> tuple[Tensor, Tensor]:
    """Largest magnitude of each channel's weights, in the first layer and in those after it."""
    first = pair.first.weight.detach().flatten(1).abs().amax(1)
    seconds = [_input_ranges(layer).view(len(first), -1).amax(1) for layer in pair.seconds]
    return first, torch.stack(seconds).amax(0)


def _input_ranges(layer: Scalable) -> Tensor:
    """Largest magnitude of the weights of each input channel or feature."""
    if isinstance(layer, nn.Linear):
        return layer.weight.detach().abs().amax(0)
    grouped: Tensor = layer.weight.detach().unflatten(0, (layer.groups, -1))
    return grouped.flatten(3).abs().amax(dim=(1, 3)).flatten()


def _scale_inputs(layer: Scalable, scale: Tensor) -> None:
    if isinstance(layer, nn.Linear):  # a flattened picture has several features a channel
        layer.weight.mul_(scale.repeat_interleave(layer.in_features // len(scale)))
    else:
        grouped = layer.weight.unflatten(0, (layer.groups, -1))
        grouped.mul_(scale.view(layer.groups, 1, -1, 1, 1))
