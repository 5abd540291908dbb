"""One layer treated for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from edge_compress.compress.pruning.weight import weight_of
from edge_compress.compress.pruning.weights import masks
from edge_compress.compress.sensitivity.record import Treatment
from edge_compress.compress.weight_grids.costs import rounded
from edge_compress.compress.weight_grids.rows import as_rows, channel_axis, from_rows
from edge_compress.compress.weight_grids.rule import GridRule


@contextmanager
def treated(layer: nn.Module, treatment: Treatment) -> Iterator[None]:
    """Inside, the layer is pruned or quantized; afterwards it is as it was, to the bit.

    Args:
        layer: a convolution or a linear layer, with batch norm folded into it where there was any:
            a channel that is zero before its normalization is not zero after it.
        treatment: what is done.
    """
    weight, bias = weight_of(layer), getattr(layer, "bias", None)
    kept = weight.detach().clone(), None if bias is None else bias.detach().clone()
    try:
        with torch.no_grad():
            if treatment.kind == "bits":
                rule = GridRule("symmetric", int(treatment.amount), scale="least_error")
                weight.copy_(rounded(layer, rule))
            elif treatment.kind == "weights":
                weight.mul_(_kept(weight.abs(), treatment.amount))
            else:
                axis = channel_axis(layer)
                channels = _kept(as_rows(weight, axis).norm(dim=1), treatment.amount)
                weight.copy_(from_rows(as_rows(weight, axis) * channels[:, None], weight, axis))
                if bias is not None:
                    bias.mul_(channels)
        yield
    finally:
        with torch.no_grad():
            weight.copy_(kept[0])
            if bias is not None and kept[1] is not None:
                bias.copy_(kept[1])


def _kept(scores: Tensor, share: float) -> Tensor:
    """True where the score is not among the lowest."""
    return masks({"": scores}, round(share * scores.numel()), "layer")[""]
