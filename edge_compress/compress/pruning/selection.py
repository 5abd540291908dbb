"""Which layers a pruning pass may touch, and why not the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.layer_names import fits, matching
from edge_compress.compress.pruning import nm
from edge_compress.compress.pruning.blocks import least_channels, split
from edge_compress.compress.pruning.channels import ChannelGroup, channel_groups
from edge_compress.compress.pruning.error import PruningError

_SHOWN = 3
_FINAL = "are the model's outputs"


def cuttable(
    candidate: Candidate, include: Sequence[str], exclude: Sequence[str], step: int
) -> list[ChannelGroup]:
    """The groups of channels that may be cut.

    A group may be when the patterns choose every layer in it and none gives the model's outputs.

    Args:
        candidate: whose channels they are.
        include: patterns of names; all layers when empty.
        exclude: patterns of names.
        step: of channel counts.

    Raises:
        LayerPatternError: for a pattern that fits nothing.
        PruningError: for a pattern in `include` of which no layer can be cut, saying why.
        PassFailed: when the network's graph cannot be followed.
    """
    module = candidate.module
    chosen = set(matching(module, include, exclude))
    groups = channel_groups(candidate)
    reasons = dict.fromkeys(chosen, "the network's graph does not reach it")
    free = []
    for group in groups:
        why = _tied(group, chosen, step)
        for name in chosen & set(group.weighted):
            reasons[name] = why or ""
            if group.final and name not in group.final:
                reasons[name] = f"its channels go together with {group.final[0]}'s, which {_FINAL}"
        if why is None:
            free.append(group)
    _refuse(module, include, {name: why for name, why in reasons.items() if why}, chosen)
    return free


def sparse_layers(
    candidate: Candidate, include: Sequence[str], exclude: Sequence[str], m: int = 0
) -> list[str]:
    """Names of the layers whose weights may be set to zero.

    Args:
        candidate: whose layers they are.
        include: patterns of names; all layers when empty.
        exclude: patterns of names.
        m: of n:m, or 0 for zeros anywhere.

    Raises:
        LayerPatternError: for a pattern that fits nothing.
        PruningError: for a pattern in `include` of which no layer fits n:m, saying why.
    """
    chosen = matching(candidate.module, include, exclude)
    reasons = {}
    for name in chosen if m else ():
        why = nm.obstacle(candidate.module.get_submodule(name), m)
        if why is not None:
            reasons[name] = why
    _refuse(candidate.module, include, reasons, set(chosen))
    return [name for name in chosen if name not in reasons]


def _tied(group: ChannelGroup, chosen: set[str], step: int) -> str | None:
    """Why a group cannot be cut; None when it can."""
    if group.final:
        return f"its channels {_FINAL}"
    others = [name for name in group.weighted if name not in chosen]
    if others:
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        return (
            f"its channels go together with those of {', '.join(others[:_SHOWN])}{more}, "
            "which the patterns leave out"
        )
    if not split(group, torch.zeros(group.channels), step, least_channels([group])[group.root]):
        return f"it has {group.channels} channels, and `target.channel_step` is {step}"
    return None


def _refuse(
    module: nn.Module, include: Sequence[str], reasons: Mapping[str, str], chosen: set[str]
) -> None:
    for pattern in include:
        meant = [name for name in chosen if fits(module, name, pattern)]
        if meant and all(name in reasons for name in meant):
            told = "; ".join(f"{name}: {reasons[name]}" for name in sorted(meant)[:_SHOWN])
            raise PruningError(f"`include`: no layer that {pattern!r} fits can be pruned: {told}")
