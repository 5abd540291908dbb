"""How much each channel of a group matters."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from edge_compress.compress.layer_names import WEIGHTED
from edge_compress.compress.pass_base import PassFailed
from edge_compress.compress.pruning.channels import ChannelGroup, Member, is_depthwise
from edge_compress.compress.pruning.criteria import (
    Importance,
    Scores,
    scored_layers,
    weight_scores,
)
from edge_compress.compress.pruning.evidence import Evidence
from edge_compress.compress.pruning.sensitivity import channel_losses
from edge_compress.compress.pruning.weight import weight_of

# A member's score of each of its channels in the group; None when it has no say.
_Judge = Callable[[Member], Tensor | None]


def channel_scores(
    importance: Importance, evidence: Evidence, groups: Sequence[ChannelGroup], step: int
) -> list[Tensor]:
    """A score for each channel of each group; higher matters more.

    - ``l1``, ``l2``, ``taylor``: what `weight_scores` gives, summed over a channel's weights. Li et
      al., arXiv:1608.08710; Molchanov et al., arXiv:1906.10771.
    - ``batch_norm``: magnitude of the scale. Liu et al., "Network Slimming", arXiv:1708.06519.
    - ``activation``: mean magnitude of what the next layers get of a channel; ``apoz``: how seldom
      that is zero. Hu et al., "Network Trimming", arXiv:1607.03250.
    - ``sensitivity``: rise of the loss without it, measured by the step.
    - ``random``: the control.

    The members of a group are averaged. Scores whose size differs from layer to layer for no good
    reason (sums over kernels, magnitudes of activations) are divided by their group's mean.

    Raises:
        PassFailed: when the model has nothing that the criterion could look at.
    """
    module = evidence.candidate.module
    if importance == "random":
        generator = torch.Generator().manual_seed(evidence.material.context.seed)
        return [torch.rand(group.channels, generator=generator) for group in groups]
    if importance == "sensitivity":
        hints = channel_scores("l1", evidence, groups, step)
        return channel_losses(evidence, groups, hints, step)
    if importance in ("activation", "apoz"):
        judge = _of_inflows(importance, evidence)
        found = [_merged(group, judge, average=True) for group in groups]
        if importance == "apoz" and not any(bool((scores < 1).any()) for scores in found):
            raise PassFailed(
                "no activation of this model is ever zero, since it has no ReLU: "
                "choose `importance: activation`"
            )
        return found if importance == "apoz" else [_relative(scores) for scores in found]
    check_judgeable(importance, module)
    if importance == "batch_norm":
        return [_merged(group, _of_scales(module)) for group in groups]
    scores = weight_scores(importance, evidence, scored_layers(module))
    return [_relative(_merged(group, _of_weights(module, scores))) for group in groups]


def check_judgeable(importance: Importance, module: nn.Module) -> None:
    """See whether the model has what a criterion looks at.

    Raises:
        PassFailed: when it has not.
    """
    scaled = any(isinstance(layer, _BatchNorm) and layer.affine for layer in module.modules())
    if importance == "batch_norm" and not scaled:
        raise PassFailed(
            "the model has no batch norm whose scales could be compared (exported models have it "
            "folded into the convolutions): choose another `importance`"
        )


def _of_weights(module: nn.Module, scores: Scores) -> _Judge:
    def judge(member: Member) -> Tensor | None:
        layer = module.get_submodule(member.layer)
        if member.layer not in scores or is_depthwise(layer):
            return None
        score = scores[member.layer]
        if isinstance(layer, WEIGHTED):
            outputs_first = (member.side == "out") != isinstance(layer, nn.ConvTranspose2d)
            score = (score if outputs_first else score.transpose(0, 1)).flatten(1).sum(1)
            groups = int(getattr(layer, "groups", 1))
            if not outputs_first and groups > 1:
                score = score.repeat(groups)  # the same kernel slice is of one input in each group
        return score[member.places]

    return judge


def _of_inflows(importance: Importance, evidence: Evidence) -> _Judge:
    def judge(member: Member) -> Tensor | None:
        inflow = evidence.inflows.get(member.layer)
        if member.side == "out" or inflow is None:
            return None
        values = inflow.mean if importance == "activation" else 1 - inflow.zeros
        return values[member.places]

    return judge


def _of_scales(module: nn.Module) -> _Judge:
    def judge(member: Member) -> Tensor | None:
        layer = module.get_submodule(member.layer)
        if not isinstance(layer, _BatchNorm) or not layer.affine:
            return None
        return weight_of(layer).detach().abs()[member.places]

    return judge


def _merged(group: ChannelGroup, judge: _Judge, *, average: bool = False) -> Tensor:
    """Mean over the members; one with several channels for one of the root's adds them up.

    That is so behind a flattened image; figures that do not add up are averaged instead. A group
    that no member has a say on is never cut: its scores are infinite.
    """
    total, voices = torch.zeros(group.channels), 0
    for member in group.members:
        score = judge(member)
        if score is not None:
            how = "mean" if average else "sum"
            empty = torch.zeros(group.channels)
            total += empty.scatter_reduce(0, member.roots, score, how, include_self=False)
            voices += 1
    return total / voices if voices else torch.full((group.channels,), torch.inf)


def _relative(scores: Tensor) -> Tensor:
    mean = scores.mean()
    return scores / mean if mean > 0 else scores
