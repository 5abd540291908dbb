"""Statistics of normalization layers, taken anew after the network has changed."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from edge_compress.compress.training.one_frame import one_frame_told


def reestimate(module: nn.Module, batches: Iterable[Tensor]) -> int:
    """Reset each batch norm's mean and variance and average those of the batches.

    What remains after a cut adds up to other sums than before, while batch norm still takes off the
    old ones. Ioffe and Szegedy, arXiv:1502.03167; Li et al., "EagleEye", arXiv:2007.02491, on what
    it means for pruned networks.

    Args:
        module: left in eval mode.
        batches: network inputs, float32 [n, 3, height, width]; the more, the better.

    Returns:
        How many layers have new statistics; 0 where batch norm has been folded away.

    Raises:
        PassFailed: for a batch of one frame where maps are 1x1.
    """
    norms = [
        layer
        for layer in module.modules()
        if isinstance(layer, _BatchNorm) and layer.track_running_stats
    ]
    module.eval()
    if not norms:
        return 0
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a cumulative average
        norm.train()
    try:
        with torch.no_grad(), one_frame_told("give more frames, or `statistics_frames: 0`"):
            for images in batches:
                module(images)
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
            norm.eval()
    return len(norms)
