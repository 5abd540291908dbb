"""What flows into each layer, channel by channel."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from edge_compress.compress.layer_names import WEIGHTED


class Inflow(NamedTuple):
    """What a layer was given, over frames and places; each float32 [input channels].

    Attributes:
        mean: of the magnitudes.
        zeros: share of exact zeros (APoZ: Hu et al., "Network Trimming", arXiv:1607.03250).
        power: mean of the squares.
    """

    mean: Tensor
    zeros: Tensor
    power: Tensor


def inflows(module: nn.Module, batches: Iterable[Tensor]) -> dict[str, Inflow]:
    """Look at what every convolution and linear layer is given, by the layer's name.

    It is taken where it arrives, so after normalization, activation, pooling and addition: what a
    channel is worth is what the next layer gets of it.

    Args:
        module: left in eval mode.
        batches: network inputs, float32 [n, 3, height, width].
    """
    sums: dict[str, Tensor] = {}
    seen: dict[str, int] = {}

    def look(name: str, given: Tensor) -> None:
        axis = 1 if given.ndim == 4 else given.ndim - 1
        values = given.detach().movedim(axis, 0).flatten(1)
        rows = [values.abs().sum(1), (values == 0).float().sum(1), values.square().sum(1)]
        sums[name] = sums.get(name, torch.zeros(())) + torch.stack(rows)
        seen[name] = seen.get(name, 0) + values.shape[1]

    handles = []
    for name, layer in module.named_modules():
        if isinstance(layer, WEIGHTED):

            def hook(_: nn.Module, given: Any, name: str = name) -> None:
                look(name, given[0])

            handles.append(layer.register_forward_pre_hook(hook))
    module.eval()
    try:
        with torch.no_grad():
            for images in batches:
                module(images)
    finally:
        for handle in handles:
            handle.remove()
    return {name: Inflow(*(total / seen[name])) for name, total in sums.items()}
