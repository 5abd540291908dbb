"""A family of small detectors: the classifier's backbone under the head of YOLOX."""

from __future__ import annotations

import math
from typing import Annotated

import torch
from pydantic import AfterValidator, Field
from torch import Tensor, nn
from torch.nn import functional

from edge_compress.compress.networks.activations import Activation, ActivationName
from edge_compress.compress.networks.arguments import checked
from edge_compress.compress.networks.backbone import (
    Backbone,
    Expansion,
    Growth,
    Kernel,
    Layers,
    Width,
)
from edge_compress.compress.networks.blocks import BlockKind, convolution
from edge_compress.compress.parameter import tunable

PRIOR = 0.01  # of an object in a cell before anything is learnt. Lin et al., arXiv:1708.02002
SMALLEST_STRIDE = 4  # of the first stage


def _doubling(strides: tuple[int, ...]) -> tuple[int, ...]:
    first = strides[0]
    if first not in (4, 8, 16, 32) or strides != tuple(first << i for i in range(len(strides))):
        raise ValueError("must double from 4, 8, 16 or 32 on, such as [8, 16, 32]")
    return strides


class Scale(nn.Module):
    """The answers at one stride: float32 [n, channels, h, w] to [n, h * w, 5 + classes].

    Classes and boxes are read by ways of their own. Ge et al., "YOLOX", arXiv:2107.08430,
    section 2.1; separable convolutions, as in YOLOX-Nano.
    """

    def __init__(self, channels: int, classes: int, activation: ActivationName) -> None:
        super().__init__()
        self.class_way = _separable(channels, activation)
        self.box_way = _separable(channels, activation)
        self.classes = nn.Conv2d(channels, classes, 1)
        self.box = nn.Conv2d(channels, 4, 1)
        self.objectness = nn.Conv2d(channels, 1, 1)
        for layer in (self.classes, self.objectness):
            assert layer.bias is not None
            nn.init.constant_(layer.bias, -math.log((1 - PRIOR) / PRIOR))

    def forward(self, features: Tensor) -> Tensor:  # noqa: D102
        boxes = self.box_way(features)
        parts = (
            self.box(boxes),
            self.objectness(boxes).sigmoid(),
            self.classes(self.class_way(features)).sigmoid(),
        )
        return torch.cat(parts, dim=1).flatten(2).transpose(1, 2)


class SmallDetector(nn.Module):
    """Float32 [n, 3, height, width] to [n, cells, 5 + classes], as `head: {kind: yolox}` reads it.

    Height and width are multiples of the largest stride. Coarse features are added to finer ones
    on the way to the heads: Lin et al., "Feature Pyramid Networks", arXiv:1612.03144.
    """

    def __init__(
        self,
        backbone: Backbone,
        scales: int,
        classes: int,
        head_width: int,
        activation: ActivationName,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        used = backbone.channels[-scales:]
        self.lateral = nn.ModuleList(convolution(n, head_width, 1, activation) for n in used)
        self.scales = nn.ModuleList(Scale(head_width, classes, activation) for _ in used)

    def forward(self, images: Tensor) -> Tensor:  # noqa: D102
        seen = self.backbone(images)[-len(self.scales) :]
        pyramid = [lateral(part) for lateral, part in zip(self.lateral, seen, strict=True)]
        for place in reversed(range(len(pyramid) - 1)):
            wider = functional.interpolate(pyramid[place + 1], scale_factor=2.0, mode="nearest")
            pyramid[place] = pyramid[place] + wider
        found = [scale(part) for scale, part in zip(self.scales, pyramid, strict=True)]
        return torch.cat(found, dim=1)


@checked
def small_detector(
    classes: Annotated[int, Field(ge=1)] = 80,
    strides: Annotated[
        tuple[int, ...], Field(min_length=1, max_length=4), AfterValidator(_doubling)
    ] = (8, 16, 32),
    layers: Layers = 1,
    width: Width = 16,
    growth: Growth = 2.0,
    kernel: Kernel = 3,
    activation: Activation = "silu",
    block: BlockKind = "inverted",
    expansion: Expansion = 4,
    head_width: Annotated[
        int, tunable(..., ge=1, le=512, search=(16, 96), log=True, description="channels")
    ] = 48,
) -> SmallDetector:
    """A detector with random weights.

    Args:
        classes: that it tells apart.
        strides: of the head, in pixels, as in `model.head`; each twice the one before.
        layers: blocks of each stage of the backbone.
        width: channels of the stem and of the first stage, which has a stride of 4.
        growth: each stage has so many times the channels of the one before.
        kernel: side of the backbone's convolutions, in pixels; odd.
        activation: relu, leaky_relu, silu, hardswish or tanh.
        block: plain, residual, separable or inverted.
        expansion: of inverted blocks: channels inside by those outside.
        head_width: channels of the head, at each stride.

    Raises:
        ValueError: naming the argument and its limits.
    """
    backbone = Backbone(
        stages=int(math.log2(strides[-1] // SMALLEST_STRIDE)) + 1,
        layers=layers,
        width=width,
        growth=growth,
        kernel=kernel,
        activation=activation,
        block_kind=block,
        expansion=expansion,
        stem_stride=2,
        first_stride=2,
    )
    return SmallDetector(backbone, len(strides), classes, head_width, activation)


def _separable(channels: int, activation: ActivationName) -> nn.Sequential:
    return nn.Sequential(
        convolution(channels, channels, 3, activation, depthwise=True),
        convolution(channels, channels, 1, activation),
    )
