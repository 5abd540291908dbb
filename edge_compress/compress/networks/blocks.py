"""What a backbone is built of: convolutions in the four ways that small networks use."""

from __future__ import annotations

from typing import Annotated, Literal

from torch import Tensor, nn

from edge_compress.compress.networks.activations import ActivationName, activation_of
from edge_compress.compress.parameter import tunable

BlockName = Literal["plain", "residual", "separable", "inverted"]
BlockKind = Annotated[
    BlockName,
    tunable(
        ...,
        description="plain: one convolution; residual: two and a way around (ResNet); separable: "
        "depthwise and 1 x 1 (MobileNet); inverted: 1 x 1 to more channels, depthwise, 1 x 1 "
        "(MobileNetV2)",
        search=("plain", "residual", "separable", "inverted"),
    ),
]


def convolution(
    inputs: int,
    outputs: int,
    kernel: int,
    activation: ActivationName | None,
    *,
    stride: int = 1,
    depthwise: bool = False,
) -> nn.Sequential:
    """A convolution that keeps the size (by its stride), batch norm, and an activation.

    Args:
        inputs: channels.
        outputs: channels; those of the input for a depthwise one.
        kernel: side, in pixels; odd.
        activation: None leaves it out.
        stride: in pixels.
        depthwise: each channel by itself.
    """
    groups = inputs if depthwise else 1
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    if activation is not None:
        layers.append(activation_of(activation))
    return nn.Sequential(*layers)


class Residual(nn.Module):
    """Two convolutions and a way around them. He et al., arXiv:1512.03385."""

    def __init__(
        self, inputs: int, outputs: int, stride: int, kernel: int, activation: ActivationName
    ) -> None:
        super().__init__()
        self.first = convolution(inputs, outputs, kernel, activation, stride=stride)
        self.second = convolution(outputs, outputs, kernel, None)
        same = inputs == outputs and stride == 1
        self.around = (
            nn.Identity() if same else convolution(inputs, outputs, 1, None, stride=stride)
        )
        self.activation = activation_of(activation)

    def forward(self, features: Tensor) -> Tensor:  # noqa: D102
        inner = self.second(self.first(features))
        result: Tensor = self.activation(inner + self.around(features))
        return result


class Inverted(nn.Module):
    """Expand, depthwise, project; the way around where the shapes allow it.

    Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", arXiv:1801.04381.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        stride: int,
        kernel: int,
        activation: ActivationName,
        expansion: int,
    ) -> None:
        super().__init__()
        inner = inputs * expansion
        self.expand = convolution(inputs, inner, 1, activation) if expansion > 1 else nn.Identity()
        self.depthwise = convolution(
            inner, inner, kernel, activation, stride=stride, depthwise=True
        )
        self.project = convolution(inner, outputs, 1, None)
        self.skips = inputs == outputs and stride == 1

    def forward(self, features: Tensor) -> Tensor:  # noqa: D102
        result: Tensor = self.project(self.depthwise(self.expand(features)))
        return result + features if self.skips else result


def block(
    kind: BlockName,
    inputs: int,
    outputs: int,
    *,
    stride: int,
    kernel: int,
    activation: ActivationName,
    expansion: int,
) -> nn.Module:
    """One block: float32 [n, inputs, h, w] to [n, outputs, h / stride, w / stride].

    Args:
        kind: how it is built.
        inputs: channels.
        outputs: channels.
        stride: in pixels.
        kernel: side, in pixels; odd.
        activation: after each convolution but the last of a residual or inverted block.
        expansion: of an inverted block: channels inside by those outside.
    """
    if kind == "residual":
        return Residual(inputs, outputs, stride, kernel, activation)
    if kind == "inverted":
        return Inverted(inputs, outputs, stride, kernel, activation, expansion)
    if kind == "separable":
        # Howard et al., "MobileNets", arXiv:1704.04861.
        return nn.Sequential(
            convolution(inputs, inputs, kernel, activation, stride=stride, depthwise=True),
            convolution(inputs, outputs, 1, activation),
        )
    return convolution(inputs, outputs, kernel, activation, stride=stride)
