"""How much each single weight of the chosen layers matters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from edge_compress.compress.layer_names import WEIGHTED
from edge_compress.compress.pruning.evidence import Evidence
from edge_compress.compress.pruning.weight import weight_of

Importance = Literal[
    "taylor", "l1", "l2", "activation", "apoz", "batch_norm", "sensitivity", "random"
]
Scores = dict[str, Tensor]  # by the layer's name, each of its weight's shape; higher matters more


def weight_scores(importance: Importance, evidence: Evidence, names: Sequence[str]) -> Scores:
    """A score for each weight of some layers.

    - ``l1``, ``l2``: magnitude, and its square. Han et al., arXiv:1506.02626.
    - ``taylor``: |w dL/dw|, the first-order change of the loss. Molchanov et al., arXiv:1906.10771.
    - ``activation``: magnitude times the root mean square of what the weight is given. Sun et al.,
      "Wanda", arXiv:2306.11695.
    - ``random``: the control that every criterion must beat.

    Args:
        importance: one of these.
        evidence: of the candidate.
        names: of convolutions, linear layers and batch norms.
    """
    module = evidence.candidate.module
    generator = torch.Generator().manual_seed(evidence.material.context.seed)
    scores = {}
    for name in names:
        layer = module.get_submodule(name)
        weight = weight_of(layer).detach()
        if importance == "random":
            scores[name] = torch.rand(weight.shape, generator=generator)
        elif importance == "l1":
            scores[name] = weight.abs()
        elif importance == "l2":
            scores[name] = weight.square()
        elif importance == "taylor":
            scores[name] = (weight * evidence.gradients[name]).abs()
        elif importance == "activation":
            scores[name] = weight.abs() * _given(layer, evidence.inflows[name].power.sqrt())
        else:
            raise ValueError(f"{importance} scores no single weights")
    return scores


def scored_layers(module: nn.Module) -> list[str]:
    """Names of all layers whose weights say something of a channel."""
    kinds = (*WEIGHTED, _BatchNorm)
    return [
        name
        for name, layer in module.named_modules()
        if isinstance(layer, kinds) and getattr(layer, "weight", None) is not None
    ]


def _given(layer: nn.Module, channels: Tensor) -> Tensor:
    """A figure of each input channel, laid out so that it multiplies the layer's weight."""
    if isinstance(layer, nn.Linear):
        return channels
    if isinstance(layer, nn.ConvTranspose2d):
        return channels.view(-1, 1, 1, 1)
    assert isinstance(layer, nn.Conv2d)
    inputs = channels.view(layer.groups, -1)
    outputs = layer.out_channels // layer.groups
    return inputs.repeat_interleave(outputs, dim=0)[:, :, None, None]
