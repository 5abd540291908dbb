"""The activation functions that a network can be built with, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from torch import nn

from edge_compress.compress.parameter import tunable

ActivationName = Literal["relu", "leaky_relu", "silu", "hardswish", "tanh"]
Activation = Annotated[
    ActivationName,
    tunable(
        ...,
        description="silu learns best in small networks, relu is fused into its layer everywhere",
        search=("relu", "leaky_relu", "silu", "hardswish"),
    ),
]

_MADE: dict[ActivationName, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(0.1),
    "silu": nn.SiLU,
    "hardswish": nn.Hardswish,
    "tanh": nn.Tanh,
}


def activation_of(name: ActivationName) -> nn.Module:
    """A new activation function."""
    return _MADE[name]()
