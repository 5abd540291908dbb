"""How much worse the loss gets when a part is removed: measured, not estimated.

The candidate is changed for the time of a measurement, so its module must not be the teacher's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from edge_compress.compress.pruning.blocks import split
from edge_compress.compress.pruning.channels import ChannelGroup
from edge_compress.compress.pruning.evidence import BATCH, Evidence
from edge_compress.compress.pruning.gradients import some
from edge_compress.compress.pruning.weight import weight_of

RATES = (0.25, 0.5, 0.75, 0.9, 1.0)  # shares of a layer's weights


def channel_losses(
    evidence: Evidence, groups: Sequence[ChannelGroup], hints: Sequence[Tensor], step: int
) -> list[Tensor]:
    """Rise of the loss without each channel, of each group, float32 [channels].

    Channels are removed by the block, as they would be cut; every channel of a block has the
    block's figure.

    Args:
        evidence: the candidate and its frames.
        groups: whose channels are removed.
        hints: a quick score of each group's channels, by which they are put in blocks.
        step: channels a block.
    """
    blocks = [split(group, hint, step) for group, hint in zip(groups, hints, strict=True)]
    progress = evidence.material.context.progress
    count = sum(map(len, blocks))
    stream = iter(progress.track(range(count), "cut block by block", count))
    untouched = mean_loss(evidence)
    found = []
    for group, parts in zip(groups, blocks, strict=True):
        rises = torch.full((group.channels,), torch.inf)
        for channels in parts:
            next(stream)
            with _without(evidence.candidate.module, group, channels):
                rises[list(channels)] = mean_loss(evidence) - untouched
        found.append(rises)
    next(stream, None)
    return found


def weight_losses(evidence: Evidence, names: Sequence[str]) -> dict[str, Tensor]:
    """Rise of the loss when a weight and all smaller ones of its layer are zero.

    Measured at a few rates a layer and interpolated in between, so that layers of equal rise are
    cut to the same degree: Han et al., arXiv:1506.02626, section 3.

    Args:
        evidence: the candidate and its frames.
        names: of the layers.
    """
    untouched = mean_loss(evidence)
    module = evidence.candidate.module
    found = {}
    for name in evidence.material.context.progress.track(names, "zero layer by layer", len(names)):
        weight = weight_of(module.get_submodule(name))
        kept = weight.detach().clone()
        ranks = kept.abs().flatten().argsort(stable=True).argsort().float() + 1
        shares, rises = [0.0], [0.0]
        for rate in RATES:
            with torch.no_grad():
                gone = ranks.view_as(kept) <= rate * kept.numel()
                weight.copy_(kept.masked_fill(gone, 0.0))
                # A rise never falls again, or a larger weight would go before a smaller one.
                rises.append(max(rises[-1], mean_loss(evidence) - untouched))
                weight.copy_(kept)
            shares.append(rate)
        found[name] = _interpolated(ranks / kept.numel(), shares, rises).view_as(kept)
    return found


def mean_loss(evidence: Evidence) -> float:
    """The student's loss over some of the frames to learn from; batch norm is left as it is."""
    evidence.candidate.module.eval()
    lessons, total, seen = evidence.material.lessons, 0.0, 0
    with torch.no_grad():
        for batch in some(lessons, evidence.frames, BATCH, evidence.material.context.seed):
            loss = float(evidence.loss(evidence.candidate, batch))
            total += loss * len(batch.places)
            seen += len(batch.places)
    return total / max(seen, 1)


@contextmanager
def _without(module: nn.Module, group: ChannelGroup, channels: Sequence[int]) -> Iterator[None]:
    """Whatever comes next gets nothing of these channels, which is what a cut does."""
    gone = torch.tensor(channels)
    handles = []
    for member in group.members:
        places = member.places[torch.isin(member.roots, gone)]
        if member.side == "in" and len(places):

            def hook(_: nn.Module, given: Any, places: Tensor = places) -> Any:
                axis = 1 if given[0].ndim == 4 else given[0].ndim - 1
                return (given[0].index_fill(axis, places, 0.0), *given[1:])

            layer = module.get_submodule(member.layer)
            handles.append(layer.register_forward_pre_hook(hook))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _interpolated(at: Tensor, shares: Sequence[float], rises: Sequence[float]) -> Tensor:
    x, y = torch.tensor(shares), torch.tensor(rises)
    right = torch.searchsorted(x, at.clamp(0, 1)).clamp(1, len(x) - 1)
    share = (at - x[right - 1]) / (x[right] - x[right - 1])
    return y[right - 1] + share * (y[right] - y[right - 1])
