"""Which channels are cut first, in blocks that the target's kernels like."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from edge_compress.compress.pruning.channels import ChannelGroup

Scope = Literal["global", "layer"]
MOST_OF_A_LAYER = 0.9


class Block(NamedTuple):
    """Channels of one group that are cut together."""

    root: str
    channels: tuple[int, ...]


def split(group: ChannelGroup, scores: Tensor, step: int, least: int = 1) -> list[tuple[int, ...]]:
    """Cut a group's channels into blocks, those that matter least first.

    After every block a multiple of `step` channels is left.

    Args:
        group: whose channels they are.
        scores: float32 [channels].
        step: of channel counts.
        least: so many channels stay, at least one step of them.
    """
    size = group.channels // group.folds
    unit = step // math.gcd(step, group.folds)
    stay = max(unit, math.ceil(least / group.folds / unit) * unit)
    order = scores.view(group.folds, size).mean(0).argsort(stable=True)
    blocks, start = [], 0
    while size - start > stay:
        end = start + ((size - start) % unit or unit)
        numbers = order[start:end]
        folded = torch.cat([numbers + fold * size for fold in range(group.folds)])
        blocks.append(tuple(sorted(folded.tolist())))
        start = end
    return blocks


def least_channels(groups: Sequence[ChannelGroup]) -> dict[str, int]:
    """How many channels of each group stay whatever is asked for, by its root."""
    return {
        group.root: math.ceil(group.channels * (1 - MOST_OF_A_LAYER) - 1e-9) for group in groups
    }


def cutting_order(
    groups: Sequence[ChannelGroup],
    scores: Sequence[Tensor],
    *,
    step: int,
    least: Mapping[str, int],
    before: Mapping[str, int],
    scope: Scope,
) -> list[Block]:
    """All blocks that may be cut, in the order in which they are.

    Args:
        groups: that may be cut.
        scores: of the channels of each group.
        step: of channel counts.
        least: by root, how many channels stay.
        before: by root, how many channels there were at first.
        scope: `global` takes the block with the lowest mean score anywhere; `layer` takes the same
            share of every group.
    """
    ranked: list[tuple[float, Block]] = []
    for group, score in zip(groups, scores, strict=True):
        left = group.channels
        for channels in split(group, score, step, least[group.root]):
            left -= len(channels)
            key = (
                float(score[list(channels)].mean())
                if scope == "global"
                else 1 - left / before[group.root]
            )
            if math.isfinite(key):
                ranked.append((key, Block(group.root, channels)))
    ranked.sort(key=lambda one: one[0])  # stable: a group's own blocks stay in order
    return [block for _, block in ranked]
