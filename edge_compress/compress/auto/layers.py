"""What kinds of layers a model spends its work on, and which of them bear least."""

from __future__ import annotations

import copy
import statistics

from torch import nn

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.counting import layers as count_layers
from edge_compress.compress.models.fold_batch_norm import fold_batch_norm
from edge_compress.compress.models.layer_graph import NotTraceable
from edge_compress.compress.pass_base import Context, PassFailed
from edge_compress.compress.passes import Prune
from edge_compress.compress.pruning.channels import channel_groups
from edge_compress.compress.pruning.error import PruningError
from edge_compress.compress.sensitivity.record import Treatment
from edge_compress.compress.sensitivity.treat import treated

LITTLE_LESS = 0.9  # of the work, to see whether channels can be cut at all
WIDE = 64  # channels in and out, from which on a convolution may have rank to spare
LOOKED_AT = 32  # layers, those with most work
HALF = Treatment(kind="channels", amount=0.5)
FAR_ABOVE = 3.0  # times the median loss
LEAST_LOSS = 0.1
MOST_SENSITIVE = 6


def shares(candidate: Candidate) -> tuple[float, float]:
    """Share of weights in linear layers, and of work in wide plain convolutions, each 0-1."""
    linear = wide = params = macs = 0
    for row in count_layers(candidate.module, candidate.input):
        layer = candidate.module.get_submodule(row.name)
        params += row.params
        macs += row.macs
        if isinstance(layer, nn.Linear):
            linear += row.params
        if (
            isinstance(layer, nn.Conv2d)
            and layer.groups == 1
            and max(layer.kernel_size) > 1
            and min(layer.in_channels, layer.out_channels) >= WIDE
        ):
            wide += row.macs
    return linear / max(1, params), wide / max(1, macs)


def why_uncuttable(candidate: Candidate, context: Context) -> str:
    """Why channels cannot be cut out of the model; empty where they can."""
    try:
        Prune(keep=LITTLE_LESS).check(candidate, context)
    except (PassFailed, PruningError) as error:
        return str(error)
    return ""


def sensitive_layers(candidate: Candidate, context: Context) -> tuple[str, ...]:
    """Layers that lose far more than others when half of their channels go; the worst first.

    Each is treated alone, untrained, on the frames of `context.validation`: it says which layers to
    leave alone, not how far a trained model falls. Li et al., arXiv:1608.08710, section 3.2.
    """
    subject = candidate.with_module(copy.deepcopy(candidate.module).eval())
    try:
        fold_batch_norm(subject.module)
        final = {name for group in channel_groups(subject) for name in group.final}
    except (NotTraceable, PassFailed):
        return ()
    rows = [
        row
        for row in count_layers(subject.module, subject.input)
        if isinstance(subject.module.get_submodule(row.name), nn.Conv2d | nn.Linear)
        and row.name not in final
    ]
    rows = sorted(rows, key=lambda row: -row.macs)[:LOOKED_AT]
    baseline = context.quality(subject)
    losses: dict[str, float] = {}
    for row in context.progress.track(rows, "treat layer by layer", len(rows)):
        with treated(subject.module.get_submodule(row.name), HALF):
            losses[row.name] = baseline - context.quality(subject)
    if not losses:
        return ()
    least = max(LEAST_LOSS, FAR_ABOVE * statistics.median(losses.values()))
    worst = sorted((name for name in losses if losses[name] > least), key=lambda n: -losses[n])
    return tuple(worst[:MOST_SENSITIVE])
