"""A family of small classifiers: depth, width, kernel, activation and block are arguments."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from torch import Tensor, nn

from edge_compress.compress.networks.activations import Activation
from edge_compress.compress.networks.arguments import checked
from edge_compress.compress.networks.backbone import (
    Backbone,
    Expansion,
    Growth,
    Kernel,
    Layers,
    Width,
)
from edge_compress.compress.networks.blocks import BlockKind
from edge_compress.compress.parameter import tunable


class SmallClassifier(nn.Module):
    """Float32 [n, 3, height, width] to logits [n, classes], at any size of picture."""

    def __init__(self, backbone: Backbone, classes: int, dropout: float) -> None:
        super().__init__()
        self.backbone = backbone
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout) if dropout else nn.Identity()
        self.output = nn.Linear(backbone.channels[-1], classes)

    def forward(self, images: Tensor) -> Tensor:  # noqa: D102
        seen = self.pool(self.backbone(images)[-1]).flatten(1)
        logits: Tensor = self.output(self.dropout(seen))
        return logits


@checked
def small_classifier(
    classes: Annotated[int, Field(ge=2)] = 10,
    stages: Annotated[
        int, tunable(..., ge=1, le=6, search=(2, 4), description="each after the first halves")
    ] = 3,
    layers: Layers = 1,
    width: Width = 16,
    growth: Growth = 2.0,
    kernel: Kernel = 3,
    activation: Activation = "relu",
    block: BlockKind = "residual",
    expansion: Expansion = 4,
    stem_stride: Annotated[int, Field(ge=1, le=4)] = 1,
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0,
) -> SmallClassifier:
    """A classifier with random weights.

    Args:
        classes: outputs.
        stages: groups of blocks; each but the first halves the picture.
        layers: blocks of each stage.
        width: channels of the stem and of the first stage.
        growth: each stage has so many times the channels of the one before.
        kernel: side of the convolutions, in pixels; odd.
        activation: relu, leaky_relu, silu, hardswish or tanh.
        block: plain, residual, separable or inverted.
        expansion: of inverted blocks: channels inside by those outside.
        stem_stride: of the first convolution; 2 takes a quarter of the work, 4 a sixteenth.
        dropout: share of features that are left out while training.

    Raises:
        ValueError: naming the argument and its limits.
    """
    backbone = Backbone(
        stages=stages,
        layers=layers,
        width=width,
        growth=growth,
        kernel=kernel,
        activation=activation,
        block_kind=block,
        expansion=expansion,
        stem_stride=stem_stride,
        first_stride=1,
    )
    return SmallClassifier(backbone, classes, dropout)
