"""A perceptron for grey pictures such as MNIST's."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from torch import Tensor, nn

from edge_compress.compress.networks.activations import (
    Activation,
    ActivationName,
    activation_of,
)
from edge_compress.compress.networks.arguments import checked
from edge_compress.compress.parameter import tunable


class Mlp(nn.Module):
    """Float32 [n, 3, size, size] to logits [n, classes]; looks at the first channel alone.

    Grey pictures have three equal channels, so nothing is lost: with a size of 28 the first layer
    has 784 inputs. LeCun et al., "Gradient-based learning applied to document recognition", 1998.
    """

    def __init__(
        self, hidden: int, classes: int, size: int, layers: int, activation: ActivationName
    ) -> None:
        super().__init__()
        self.hidden = nn.Linear(size * size, hidden)
        self.activation = activation_of(activation)
        further: list[nn.Module] = []
        for _ in range(layers - 1):
            further += [nn.Linear(hidden, hidden), activation_of(activation)]
        self.further = nn.Sequential(*further)
        self.output = nn.Linear(hidden, classes)

    def forward(self, images: Tensor) -> Tensor:  # noqa: D102
        pixels = images[:, :1].flatten(1)
        logits: Tensor = self.output(self.further(self.activation(self.hidden(pixels))))
        return logits


@checked
def mlp(
    hidden: Annotated[
        int, tunable(..., ge=1, search=(16, 512), log=True, description="nodes of each layer")
    ] = 500,
    classes: Annotated[int, Field(ge=2)] = 10,
    size: Annotated[int, Field(ge=1)] = 28,
    layers: Annotated[int, tunable(..., ge=1, search=(1, 4), description="hidden ones")] = 1,
    activation: Activation = "relu",
) -> Mlp:
    """A perceptron with random weights.

    Args:
        hidden: nodes of each hidden layer.
        classes: outputs.
        size: height and width of the pictures, in pixels.
        layers: hidden layers.
        activation: relu, leaky_relu, silu, hardswish or tanh.

    Raises:
        ValueError: naming the argument and its limits.
    """
    return Mlp(hidden, classes, size, layers, activation)
