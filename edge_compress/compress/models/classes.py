"""A model that knows only the classes which the robot needs."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace

import torch
import torch_pruning
from torch import nn

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.models.errors import ModelSourceError
from edge_compress.compress.models.final_layers import final_layers


def select_classes(candidate: Candidate, classes: Sequence[str]) -> Candidate:
    """Take the other classes' outputs out of the last layers.

    Args:
        candidate: the model with all its classes; left unchanged.
        classes: names to keep; all when empty. They keep the model's order.

    Raises:
        ModelSourceError: for a name that the model does not know, or a model whose last layers do
            not have an output channel a class.
    """
    if not classes:
        return candidate
    unknown = [name for name in classes if name not in candidate.labels]
    if unknown:
        raise ModelSourceError(
            f"`classes`: the model knows no {', '.join(map(repr, unknown))}; "
            f"it knows {', '.join(candidate.labels[:8])} ..."
        )
    kept = [i for i, name in enumerate(candidate.labels) if name in set(classes)]
    dropped = sorted(set(range(len(candidate.labels))) - set(kept))
    if not dropped:
        return candidate
    module = copy.deepcopy(candidate.module)
    example = torch.zeros(1, 3, candidate.input.height, candidate.input.width)
    graph = torch_pruning.DependencyGraph().build_dependency(module, example)
    scoring = [m for m in final_layers(graph) if _outputs(m) == len(candidate.labels)]
    if not scoring:
        raise ModelSourceError(
            f"`classes`: no last layer has one output a class ({len(candidate.labels)}); "
            "leave `classes` out for this model"
        )
    for layer in scoring:
        cut = (
            torch_pruning.prune_linear_out_channels
            if isinstance(layer, nn.Linear)
            else torch_pruning.prune_conv_out_channels
        )
        cut(layer, dropped)  # nothing with weights comes after, so nothing else is to be cut
    labels = tuple(candidate.labels[i] for i in kept)
    return replace(candidate, module=module.eval(), labels=labels)


def _outputs(layer: nn.Module) -> int:
    return layer.out_features if isinstance(layer, nn.Linear) else int(layer.out_channels)  # type: ignore[arg-type]
