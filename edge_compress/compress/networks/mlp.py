"""A perceptron with one hidden layer, for grey pictures such as MNIST's."""

from __future__ import annotations

from torch import Tensor, nn


class Mlp(nn.Module):
    """Float32 [n, 3, size, size] to logits [n, classes]; looks at the first channel alone.

    Grey pictures have three equal channels, so nothing is lost: with a size of 28 the first layer
    has 784 inputs. LeCun et al., "Gradient-based learning applied to document recognition", 1998.
    """

    def __init__(self, hidden: int, classes: int, size: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(size * size, hidden)
        self.activation = nn.ReLU()
        self.output = nn.Linear(hidden, classes)

    def forward(self, images: Tensor) -> Tensor:  # noqa: D102
        pixels = images[:, :1].flatten(1)
        logits: Tensor = self.output(self.activation(self.hidden(pixels)))
        return logits


def mlp(hidden: int = 500, classes: int = 10, size: int = 28) -> Mlp:
    """A perceptron with random weights.

    Args:
        hidden: neurons of the hidden layer.
        classes: outputs.
        size: height and width of the pictures, in pixels.
    """
    return Mlp(hidden, classes, size)
