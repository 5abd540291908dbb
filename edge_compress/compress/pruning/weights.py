"""Single weights set to zero, so many as are asked for."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.constraints import KeepZeros, constrain
from edge_compress.compress.pruning.blocks import Scope
from edge_compress.compress.pruning.criteria import Importance, Scores, weight_scores
from edge_compress.compress.pruning.evidence import Evidence
from edge_compress.compress.pruning.nm import input_axis, nm_mask
from edge_compress.compress.pruning.sensitivity import weight_losses
from edge_compress.compress.pruning.weight import weight_of


def scored(importance: Importance, evidence: Evidence, names: Sequence[str]) -> Scores:
    """A score for each weight; one that is zero already has the lowest of all."""
    if importance == "sensitivity":
        scores: Scores = weight_losses(evidence, names)
    else:
        scores = weight_scores(importance, evidence, names)
    module = evidence.candidate.module
    for name, score in scores.items():
        zero = weight_of(module.get_submodule(name)).detach() == 0
        scores[name] = score.masked_fill(zero, -torch.inf)
    return scores


def masks(scores: Mapping[str, Tensor], zeros: int, scope: Scope) -> dict[str, Tensor]:
    """True where a weight stays; exactly `zeros` of all weights do not.

    Args:
        scores: of each layer's weights.
        zeros: how many go, counting those that are zero already.
        scope: `global` takes the lowest scores anywhere; `layer` the same share of each layer.
    """
    if scope == "global":
        flat = torch.cat([score.flatten() for score in scores.values()])
        kept = _highest(flat, zeros).split([score.numel() for score in scores.values()])
        return {
            name: part.view_as(score)
            for part, (name, score) in zip(kept, scores.items(), strict=True)
        }
    total = sum(score.numel() for score in scores.values())
    found, given, seen = {}, 0, 0
    for name, score in scores.items():
        seen += score.numel()
        share = round(zeros * seen / total) - given  # so that the parts add up
        given += share
        found[name] = _highest(score.flatten(), share).view_as(score)
    return found


def nm_masks(module: nn.Module, scores: Mapping[str, Tensor], n: int, m: int) -> Scores:
    """True where a weight stays: n of every m."""
    return {
        name: nm_mask(score, n, m, input_axis(module.get_submodule(name)))
        for name, score in scores.items()
    }


def without(candidate: Candidate, masks: Mapping[str, Tensor]) -> Candidate:
    """A copy of the candidate whose weights are zero where a mask is False, and stay so.

    Args:
        candidate: left unchanged.
        masks: bool, of each layer's weight's shape, by the layer's name.
    """
    module = copy.deepcopy(candidate.module)
    for name, mask in masks.items():
        layer = module.get_submodule(name)
        with torch.no_grad():
            weight_of(layer).mul_(mask)
        constrain(layer, KeepZeros())
    return candidate.with_module(module.eval())


def count_weights(candidate: Candidate, names: Sequence[str]) -> int:
    """How many weights some layers have."""
    return sum(weight_of(candidate.module.get_submodule(name)).numel() for name in names)


def count_nonzero(candidate: Candidate) -> int:
    """How many of all parameters are not zero."""
    return sum(int(p.count_nonzero()) for p in candidate.module.parameters())


def count_zeros(candidate: Candidate, names: Sequence[str]) -> int:
    """How many weights of some layers are exactly zero."""
    return sum(int((weight_of(candidate.module.get_submodule(name)) == 0).sum()) for name in names)


def _highest(flat: Tensor, gone: int) -> Tensor:
    """False at the `gone` lowest, of equal ones at the first."""
    kept = torch.ones_like(flat, dtype=torch.bool)
    kept[flat.argsort(stable=True)[:gone]] = False
    return kept
