"""The digit classifier with channels of very different size, which compute the same."""

from __future__ import annotations

import copy
import itertools

import torch
from torch import nn

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.models.fold_batch_norm import fold_batch_norm


def badly_scaled(candidate: Candidate, decades: float) -> Candidate:
    """Each channel between two layers is larger by up to half of the decades, or smaller.

    As in networks whose batch norm was folded with very different variances (RepVGG, MobileNet).
    """
    module = copy.deepcopy(candidate.module)
    fold_batch_norm(module)
    layers = [m for m in module.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for first, second in itertools.pairwise(layers):
            channels = len(first.weight)
            scale = 10 ** ((torch.rand(channels, generator=generator) - 0.5) * decades)
            first.weight.mul_(scale.view(-1, *[1] * (first.weight.dim() - 1)))
            first.bias.mul_(scale)
            if isinstance(second, nn.Linear):
                second.weight.div_(scale.repeat_interleave(second.in_features // channels))
            else:
                second.weight.div_(scale.view(1, -1, 1, 1))
    return candidate.with_module(module)
