"""A model that knows only the classes which the robot needs."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import replace

import torch
import torch_pruning
from torch import Tensor, nn

from edge_compress.bundle.schema import Head
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.models.errors import ModelSourceError
from edge_compress.compress.models.final_layers import final_layers
from edge_compress.compress.models.head_fit import (
    check_head,
    fitting_labels,
    outputs_of,
    scores_and_boxes,
)


def select_classes(candidate: Candidate, classes: Sequence[str]) -> Candidate:
    """Take the other classes' outputs out of the last layers.

    Args:
        candidate: the model with all its classes; left unchanged.
        classes: names to keep; all when empty. They keep the model's order.

    Raises:
        ModelSourceError: for a name that the model does not know, or a model whose last layers do
            not have an output channel a class, or that does not work without the others.
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
    module = copy.deepcopy(candidate.module).eval()
    example = torch.zeros(1, 3, candidate.input.height, candidate.input.width)
    graph = torch_pruning.DependencyGraph().build_dependency(module, example)
    scoring = [
        layer
        for layer in final_layers(graph)
        if _outputs(layer) == len(candidate.labels)
        and _scores(candidate.head, layer, module, example)
    ]
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
    narrowed = replace(candidate, module=module, labels=labels)
    _check(narrowed)
    return narrowed


def _scores(head: Head, layer: nn.Module, module: nn.Module, example: Tensor) -> bool:
    """Whether what a final layer says is scores alone; boxes may have as many channels.

    It is made to say NaN, which shows in every output that it has a part in.
    """
    hook = layer.register_forward_hook(lambda _module, _inputs, out: torch.full_like(out, math.nan))
    try:
        with torch.no_grad():
            parts = scores_and_boxes(head, module(example))
    finally:
        hook.remove()
    if parts is None:
        return True
    scores, boxes = (bool(part.isnan().any()) for part in parts)
    return scores and not boxes


def _check(narrowed: Candidate) -> None:
    """See that what is left runs, and that its head reads as many classes as there are labels."""
    source, spec = f"the model of {len(narrowed.labels)} classes", narrowed.input
    try:
        outputs = outputs_of(source, narrowed.module, spec)
        check_head(source, narrowed.head, narrowed.output_names, spec, outputs)
        fitting_labels(source, narrowed.head, outputs, narrowed.labels, "`classes`")
    except ModelSourceError as error:
        raise ModelSourceError(
            f"`classes`: the others cannot be taken out of this model, leave `classes` out: {error}"
        ) from error


def _outputs(layer: nn.Module) -> int:
    return layer.out_features if isinstance(layer, nn.Linear) else int(layer.out_channels)  # type: ignore[arg-type]
