"""N:M sparsity: of every m weights in a row along the input channels, n stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from edge_compress.compress.constraints import Constraint, KeepZeros, constrain
from edge_compress.compress.layer_names import WEIGHTED
from edge_compress.compress.pruning.weight import weight_of


def input_axis(layer: nn.Module) -> int:
    """The weight's axis along which input channels lie.

    The sum over it is what a sparse tensor core computes: NVIDIA's 2:4 wants two zeros in every
    four neighbouring input channels, for each output channel and place of the kernel.
    """
    return 0 if isinstance(layer, nn.ConvTranspose2d) else 1


def obstacle(layer: nn.Module, m: int) -> str | None:
    """Why a layer's weights cannot be taken in groups of m; None when they can."""
    if not isinstance(layer, WEIGHTED):
        return f"a {type(layer).__name__} has no weights of this kind"
    inputs = weight_of(layer).shape[input_axis(layer)]
    if inputs % m:
        return f"a kernel of {inputs} input channels is no multiple of {m}"
    return None


def nm_mask(scores: Tensor, n: int, m: int, axis: int) -> Tensor:
    """True where a weight stays: the n of every m with the highest scores.

    Mishra et al., "Accelerating Sparse Deep Neural Networks", arXiv:2104.08378 (2:4); Zhou et al.,
    "Learning N:M Fine-grained Structured Sparse Neural Networks From Scratch", arXiv:2102.04010.

    Args:
        scores: of the weight's shape; higher matters more. Its axis is a multiple of m long.
        n: that stay, 1 to m.
        m: in a row.
        axis: of `input_axis`.
    """
    rows = scores.movedim(axis, -1)
    groups = rows.reshape(*rows.shape[:-1], -1, m)
    best = groups.topk(n, dim=-1).indices
    kept = torch.zeros_like(groups, dtype=torch.bool).scatter_(-1, best, True)
    return kept.reshape(rows.shape).movedim(-1, axis).contiguous()


@dataclass(frozen=True)
class NmPattern(Constraint):
    """Of every m weights along an axis at most n are not zero.

    After channels are cut the others stand in other groups than before: the pattern is then made
    anew by magnitude, where the axis is still a multiple of m long. Training keeps the zeros where
    they are.
    """

    order: ClassVar[int] = 2

    n: int
    m: int
    axis: int

    def parametrization(self, weight: Tensor) -> nn.Module:
        """Nothing besides what `KeepZeros` does."""
        return nn.Identity()

    def applied(self, weight: Tensor) -> Tensor:
        """The weight with the pattern."""
        if weight.shape[self.axis] % self.m:
            return weight
        return weight * nm_mask(weight.abs(), self.n, self.m, self.axis)


def keep_pattern(layer: nn.Module, n: int, m: int) -> None:
    """Have a layer's zeros stay, and its pattern be made anew after a cut."""
    constrain(layer, KeepZeros())
    constrain(layer, NmPattern(n, m, input_axis(layer)))
