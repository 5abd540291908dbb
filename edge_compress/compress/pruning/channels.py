"""Channels that hang together, and how they are cut out of a network."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch_pruning
from torch import Tensor, nn

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.constraints import restore
from edge_compress.compress.layer_names import WEIGHTED
from edge_compress.compress.models.final_layers import final_layers
from edge_compress.compress.pass_base import PassFailed


@dataclass(frozen=True)
class Member:
    """A layer's part in a group.

    Attributes:
        layer: its name.
        side: whether the channels are its outputs or its inputs.
        places: the layer's channels, int64 [n].
        roots: the root's channel that each of them goes with, int64 [n].
    """

    layer: str
    side: Literal["out", "in"]
    places: Tensor
    roots: Tensor


@dataclass(frozen=True)
class ChannelGroup:
    """Channels of several layers that can only be cut together (residuals, concatenations, ...).

    Attributes:
        root: the layer whose output channels number the group's.
        channels: how many there are.
        folds: channels i, i + channels / folds, ... go together, as convolutions in groups want.
        members: what is cut.
        weighted: names of the convolutions and linear layers whose outputs are in the group.
        final: those of them whose channels are the model's outputs.
    """

    root: str
    channels: int
    folds: int
    members: tuple[Member, ...]
    weighted: tuple[str, ...]
    final: tuple[str, ...]


def channel_groups(candidate: Candidate) -> list[ChannelGroup]:
    """Every group of the network, also those that must not be cut.

    Fang et al., "DepGraph: Towards Any Structural Pruning", arXiv:2301.12900.

    Raises:
        PassFailed: when the network's graph cannot be followed.
    """
    graph = _graph(candidate.module, candidate)
    names = {layer: name for name, layer in candidate.module.named_modules()}
    final = {names[layer] for layer in final_layers(graph)}
    return [_group(graph, found, names, final) for found in graph.get_all_groups()]


def cut(candidate: Candidate, removed: Mapping[str, Sequence[int]]) -> Candidate:
    """A copy of the candidate without some channels.

    Args:
        candidate: left unchanged.
        removed: numbers of channels, by the root of their group.

    Raises:
        PassFailed: when the network does not run any more.
    """
    module = copy.deepcopy(candidate.module)
    graph = _graph(module, candidate)
    for root, channels in removed.items():
        layer = module.get_submodule(root)
        prune = graph.get_pruner_of_module(layer).prune_out_channels
        group = graph.get_pruning_group(layer, prune, sorted(channels))
        if not graph.check_pruning_group(group):
            raise PassFailed(f"{root}: no channel would be left")
        with torch.no_grad():
            group.prune()
    restore(module)  # an n:m pattern has lost its groups
    smaller = candidate.with_module(module.eval())
    _check(candidate, smaller)
    return smaller


def _graph(module: nn.Module, candidate: Candidate) -> torch_pruning.DependencyGraph:
    try:
        with warnings.catch_warnings(), torch.enable_grad():
            warnings.simplefilter("ignore")  # of parameters outside layers, which are followed too
            return torch_pruning.DependencyGraph().build_dependency(module, _frame(candidate))
    except Exception as error:
        raise PassFailed(f"the network's graph cannot be followed: {_first_line(error)}") from error


def _group(
    graph: torch_pruning.DependencyGraph, found: Any, names: dict[nn.Module, str], final: set[str]
) -> ChannelGroup:
    members, weighted, folds = [], [], 1
    for place, (dependency, channels) in enumerate(found):
        layer, roots = dependency.target.module, found[place].root_idxs
        if layer not in names or list(layer.children()) or None in roots:
            continue
        out = graph.is_out_channel_pruning_fn(dependency.handler)
        members.append(
            Member(
                names[layer], "out" if out else "in", torch.tensor(channels), torch.tensor(roots)
            )
        )
        if out and isinstance(layer, WEIGHTED):
            weighted.append(names[layer])
        if not is_depthwise(layer):
            pruner = graph.get_pruner_of_module(layer)
            parts = pruner.get_out_channel_groups if out else pruner.get_in_channel_groups
            folds = max(folds, parts(layer))
    root = found[0].dep.target.module
    return ChannelGroup(
        root=names[root],
        channels=len(found[0].idxs),
        folds=folds,
        members=tuple(members),
        weighted=tuple(weighted),
        final=tuple(name for name in weighted if name in final),
    )


def is_depthwise(layer: nn.Module) -> bool:
    """Whether each channel has a kernel of its own."""
    return isinstance(layer, nn.Conv2d) and layer.groups == layer.out_channels > 1


def _check(before: Candidate, after: Candidate) -> None:
    with torch.no_grad():
        wanted = [value.shape for value in before.module.eval()(_frame(before))]
        try:
            found = [value.shape for value in after.module(_frame(after))]
        except (RuntimeError, ValueError) as error:
            raise PassFailed(
                f"without these channels the network does not run: {_first_line(error)}; "
                "`exclude` the layers whose channel counts its code relies on"
            ) from error
    if found != wanted:
        raise PassFailed(
            "without these channels the outputs have other shapes; `exclude` the last layers"
        )


def _frame(candidate: Candidate) -> Tensor:
    first = next(candidate.module.parameters(), torch.zeros(0))
    return torch.zeros(1, 3, candidate.input.height, candidate.input.width, device=first.device)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
