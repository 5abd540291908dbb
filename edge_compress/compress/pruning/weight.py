"""The weight of a layer."""

from __future__ import annotations

from typing import Any, cast

from torch import Tensor, nn
from torch.nn.utils import parametrize


def weight_of(layer: nn.Module) -> Tensor:
    """The parameter behind a layer's weight, also where a parametrization computes the weight."""
    found: Any = layer
    if parametrize.is_parametrized(layer, "weight"):
        return cast(Tensor, found.parametrizations["weight"].original)
    return cast(Tensor, found.weight)
