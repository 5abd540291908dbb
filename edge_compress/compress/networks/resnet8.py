"""The ResNet-8 of the MLPerf Tiny benchmark, for pictures of 32 x 32."""

from __future__ import annotations

from torch import Tensor, nn

KERAS_EPSILON = 1e-3  # of batch norms, by default


class Block(nn.Module):
    """Two convolutions and a way around them."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        # Keras pads `same` below and to the right only where a stride of 2 leaves an odd rest.
        self.pad = nn.ZeroPad2d((0, 1, 0, 1)) if stride == 2 else nn.Identity()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=0 if stride == 2 else 1)
        self.bn1 = nn.BatchNorm2d(outputs, KERAS_EPSILON)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        # The order is that of the Keras layers, by which their weights are found.
        self.shortcut = (
            nn.Conv2d(inputs, outputs, 1, stride) if inputs != outputs else nn.Identity()
        )
        self.bn2 = nn.BatchNorm2d(outputs, KERAS_EPSILON)
        self.relu2 = nn.ReLU()

    def forward(self, images: Tensor) -> Tensor:  # noqa: D102
        inner = self.relu1(self.bn1(self.conv1(self.pad(images))))
        result: Tensor = self.relu2(self.shortcut(images) + self.bn2(self.conv2(inner)))
        return result


class ResNet8(nn.Module):
    """Float32 [n, 3, size, size] to logits [n, classes]; the size is a multiple of 4.

    Banbury et al., "MLPerf Tiny Benchmark", arXiv:2106.07597: a stem of 16 channels and three
    blocks of 16, 32 and 64, with biases in all convolutions and none of the paper's batch norm on
    the ways around. 78,186 parameters and 12.5 M multiply-accumulates at 32 x 32.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, padding=1)
        self.bn = nn.BatchNorm2d(16, KERAS_EPSILON)
        self.relu = nn.ReLU()
        self.blocks = nn.Sequential(Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 2))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.output = nn.Linear(64, classes)

    def forward(self, images: Tensor) -> Tensor:  # noqa: D102
        seen = self.blocks(self.relu(self.bn(self.conv(images))))
        logits: Tensor = self.output(self.pool(seen).flatten(1))
        return logits


def resnet8(classes: int = 10) -> ResNet8:
    """A ResNet-8 with random weights.

    Those of Silicon Labs, trained on CIFAR-10, are `asset:resnet8_cifar10.h5`; they are fed RGB
    pixels as ``x / 127.5 - 1`` (scale 1/127.5, mean 1).

    Args:
        classes: outputs.
    """
    return ResNet8(classes)
