"""MobileNetV2 for small pictures."""

from __future__ import annotations

from typing import cast

from torch import nn
from torchvision.models import MobileNetV2

# Expansion, channels, repeats, stride; the published network, but for stride 1 in the second row.
_BLOCKS = [
    [1, 16, 1, 1],
    [6, 24, 2, 1],
    [6, 32, 3, 2],
    [6, 64, 4, 2],
    [6, 96, 3, 1],
    [6, 160, 3, 2],
    [6, 320, 1, 1],
]


def mobilenet_v2(
    width: float = 1.0, classes: int = 10, dropout: float = 0.2, stem_stride: int = 1
) -> nn.Module:
    """A MobileNetV2 with random weights that shrinks its input 8 times, and not 32 times.

    Float32 [n, 3, height, width] to logits [n, classes]. At 32 x 32 the last features are 4 x 4,
    where the published strides would leave a single one. Sandler et al., "MobileNetV2: Inverted
    Residuals and Linear Bottlenecks", arXiv:1801.04381.

    Args:
        width: multiplies the channels of all layers.
        classes: outputs.
        dropout: share of features that are left out while training.
        stem_stride: of the first layer; 2 takes a quarter of the work, and shrinks 16 times.
    """
    module: nn.Module = MobileNetV2(classes, width, _BLOCKS, dropout=dropout)
    stem = cast("nn.Conv2d", module.get_submodule("features.0.0"))
    stem.stride = (stem_stride, stem_stride)
    return module
