"""The backbone of the built-in family: a stem, then stages that halve the picture."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator
from torch import Tensor, nn

from edge_compress.compress.networks.activations import ActivationName
from edge_compress.compress.networks.blocks import BlockName, block, convolution
from edge_compress.compress.parameter import tunable


def _odd(kernel: int) -> int:
    if kernel % 2 == 0:
        raise ValueError("must be odd")
    return kernel


Layers = Annotated[
    int, tunable(..., ge=1, le=16, search=(1, 4), description="blocks of each stage")
]
Width = Annotated[
    int,
    tunable(
        ...,
        ge=1,
        le=1024,
        search=(8, 64),
        log=True,
        description="channels of the first stage; multiples of 8 make the best of a CPU",
    ),
]
Growth = Annotated[
    float, tunable(..., ge=1, le=4, search=(1.0, 2.0), description="of channels, each stage")
]
Kernel = Annotated[
    int,
    AfterValidator(_odd),
    tunable(..., ge=1, le=11, description="side of the convolutions, in pixels; odd"),
]
Expansion = Annotated[
    int,
    tunable(..., ge=1, le=10, search=(1, 6), description="of inverted blocks: channels inside"),
]


class Backbone(nn.Module):
    """Float32 [n, 3, height, width] to the features of each stage, the largest first.

    The stem has the channels of the first stage. Each stage begins with a stride of 2, the first
    one with `first_stride`.

    Attributes:
        channels: of each stage's features.
    """

    def __init__(
        self,
        *,
        stages: int,
        layers: int,
        width: int,
        growth: float,
        kernel: int,
        activation: ActivationName,
        block_kind: BlockName,
        expansion: int,
        stem_stride: int,
        first_stride: int,
    ) -> None:
        super().__init__()
        self.channels = tuple(round(width * growth**stage) for stage in range(stages))
        self.stem = convolution(3, width, 3, activation, stride=stem_stride)
        self.stages = nn.ModuleList()
        inputs = width
        for stage, outputs in enumerate(self.channels):
            blocks = []
            for place in range(layers):
                stride = (2 if stage else first_stride) if place == 0 else 1
                blocks.append(
                    block(
                        block_kind,
                        inputs,
                        outputs,
                        stride=stride,
                        kernel=kernel,
                        activation=activation,
                        expansion=expansion,
                    )
                )
                inputs = outputs
            self.stages.append(nn.Sequential(*blocks))

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:  # noqa: D102
        features = self.stem(images)
        seen = []
        for stage in self.stages:
            features = stage(features)
            seen.append(features)
        return tuple(seen)
