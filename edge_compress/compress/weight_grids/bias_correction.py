"""Take out of the biases what rounded weights shift the outputs by on average."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.footage import Frames
from edge_compress.compress.layer_inputs import run, watched
from edge_compress.compress.weight_grids.rows import as_rows
from edge_compress.vision.preprocess import preprocess


def correct_biases(
    candidate: Candidate, before: Candidate, names: Sequence[str], frames: Frames
) -> None:
    """Subtract E[(W' - W) x] of each channel from its bias; layers without one are given one.

    What reaches a layer, x, is measured in the model as it was: so it is on average in one whose
    layers are all corrected, and one look at the frames does for all of them. Nagel et al.,
    "Data-Free Quantization", arXiv:1906.04721, section 4.2, on frames instead of batch norm's
    statistics. Of two other ways that were tried on digits, x of the rounded model was worse for
    binary weights, and matching the means of the outputs was worse below 3 bits.

    Args:
        candidate: whose biases are changed in place; its weights are rounded already.
        before: the same model with the weights that it had.
        names: of the layers whose weights were rounded.
        frames: to see what reaches the layers.
    """
    layers = {name: candidate.module.get_submodule(name) for name in names}
    probes = {
        name: _error_layer(layer, before.module.get_submodule(name))
        for name, layer in layers.items()
    }
    totals: dict[str, Tensor] = {}
    counts: dict[str, int] = {}

    def see(name: str, given: Tensor) -> None:
        output = probes[name](given)
        axis = output.dim() - 1 if isinstance(probes[name], nn.Linear) else 1
        errors = as_rows(output, axis)
        totals[name] = totals.get(name, torch.zeros(len(errors))) + errors.sum(1)
        counts[name] = counts.get(name, 0) + errors.shape[1]

    with watched(before.module, names, see):
        for frame in frames:
            run(before.module, torch.from_numpy(preprocess(frame, before.input)[0]))
    for name, total in totals.items():
        _subtract(layers[name], total / counts[name])


def _error_layer(layer: nn.Module, before: Any) -> Any:
    """A layer that computes what the rounding of this one's weight has added to its output."""
    probe: Any = copy.deepcopy(layer)
    probe.weight.data = probe.weight.data - before.weight.data
    probe.bias = None
    return probe


def _subtract(layer: Any, shift: Tensor) -> None:
    if layer.bias is None:
        layer.bias = nn.Parameter(-shift)
    else:
        layer.bias.data -= shift
