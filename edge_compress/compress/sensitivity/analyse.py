"""Treat the layers one at a time and look what it costs."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from torch import nn

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.counting import layers as count_layers
from edge_compress.compress.counting import params_and_macs
from edge_compress.compress.layer_inputs import input_shapes
from edge_compress.compress.layer_names import WEIGHTED, matching
from edge_compress.compress.models.fold_batch_norm import fold_batch_norm
from edge_compress.compress.models.layer_graph import NotTraceable
from edge_compress.compress.pass_base import Context, PassFailed
from edge_compress.compress.pruning.channels import channel_groups
from edge_compress.compress.record import LayerRow
from edge_compress.compress.sensitivity.record import LayerSensitivity, Sensitivity, Treatment
from edge_compress.compress.sensitivity.treat import treated
from edge_compress.compress.sensitivity.unfinished import Unfinished
from edge_compress.compress.stopwatch import layer_milliseconds
from edge_compress.inference.device import device_name


def analyse(
    candidate: Candidate,
    context: Context,
    treatments: Sequence[Treatment],
    *,
    recipe: str,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    unfinished: Unfinished | None = None,
) -> Sensitivity:
    """Measure the quality of the model with each layer treated alone.

    What single layers cost does not add up: together they cost more. It says where to begin, and
    which layers to leave alone. Li et al., arXiv:1608.08710, section 3.2; Han et al.,
    arXiv:1506.02626, section 3.

    Args:
        candidate: left as it is.
        context: its `validation` frames are what quality is measured on.
        treatments: what is done to each layer.
        recipe: its name.
        include: shell-style patterns of layers; all when empty.
        exclude: shell-style patterns of layers that are left out.
        unfinished: what an earlier, interrupted analysis has found.

    Raises:
        LayerPatternError: for a pattern that fits no layer.
    """
    subject = candidate.with_module(copy.deepcopy(candidate.module).eval())
    try:
        fold_batch_norm(subject.module)
    except NotTraceable:
        context.progress.note("batch norm cannot be folded: channels of 0 are not 0 after it")
    names = matching(subject.module, include, exclude)
    rows = {row.name: row for row in count_layers(subject.module, subject.input)}
    timed = _times(subject, context)
    final = _final(subject)
    known = {name: row for name in names if unfinished and (row := unfinished.get(name))}
    baseline = context.quality(subject)
    pending = [name for name in names if name in rows and name not in known]
    pairs = [(name, treatment) for name in pending for treatment in treatments]
    found: dict[str, list[float | None]] = {name: [] for name in pending}
    for name, treatment in context.progress.track(pairs, "treat layer by layer", len(pairs)):
        if treatment.kind == "channels" and name in final:
            found[name].append(None)  # its channels are the answer
        else:
            with treated(subject.module.get_submodule(name), treatment):
                found[name].append(context.quality(subject))
        if len(found[name]) == len(treatments):
            known[name] = _row(rows[name], timed.get(name), found[name])
            if unfinished:
                unfinished.add(known[name])
    params, macs = params_and_macs(subject.module, subject.input)
    return Sensitivity(
        recipe=recipe,
        task=candidate.task,
        labelled=context.validation.truth is not None,
        frames=len(context.validation),
        baseline=baseline,
        treatments=tuple(treatments),
        layers=tuple(known[name] for name in rows if name in known),
        params=params,
        macs=macs,
        milliseconds=sum(timed.values()) or None,
        threads=context.target.threads,
        device=device_name(),
    )


def _row(
    row: LayerRow, milliseconds: float | None, quality: list[float | None]
) -> LayerSensitivity:
    return LayerSensitivity(
        name=row.name,
        kind=row.kind,
        params=row.params,
        macs=row.macs,
        milliseconds=milliseconds,
        quality=tuple(quality),
    )


def _times(subject: Candidate, context: Context) -> dict[str, float]:
    """Milliseconds of every layer with weights, timed in turns in the runtime."""
    module = subject.module
    names = [name for name, layer in module.named_modules() if isinstance(layer, WEIGHTED)]
    shapes = input_shapes(subject, names)
    context.progress.note(f"time {len(shapes)} layers")
    layers: dict[str, tuple[nn.Module, Sequence[int]]] = {
        name: (module.get_submodule(name), shape) for name, shape in shapes.items()
    }
    return layer_milliseconds(layers, context.target)


def _final(subject: Candidate) -> set[str]:
    """Layers whose channels are the model's outputs, as far as its graph can be followed."""
    try:
        return {name for group in channel_groups(subject) for name in group.final}
    except PassFailed:
        return set()
