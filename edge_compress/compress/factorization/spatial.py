"""Spatial decomposition of a convolution: down, then across."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor, nn

from edge_compress.compress.factorization.basis import balanced, principal
from edge_compress.compress.factorization.decomposition import Decomposition
from edge_compress.compress.factorization.factors import in_a_row, kernel, pixels, steps
from edge_compress.compress.factorization.moments import Moments
from edge_compress.compress.factorization.ranks import Ranks


class SpatialDecomposition(Decomposition):
    """A k×1 convolution to r channels, then a 1×k one to all of them.

    Jaderberg et al., arXiv:1405.3866, scheme 2. Weighted by what each column of the kernel answers
    to each column of pixels; that neighbouring columns of pixels are alike is not used.
    """

    name: ClassVar[str] = "spatial decomposition"

    def __init__(self, layer: nn.Conv2d, moments: Sequence[Moments] | None = None) -> None:
        """Take apart a convolution of one group."""
        self._layer = layer
        self._matrix = _columns(layer).double()
        basis = principal(self._matrix, moments[0].second if moments else None)
        self._directions, self.spectra = basis.directions, (basis.sigma,)

    @staticmethod
    def probe(layer: nn.Module, inputs: Tensor) -> tuple[Tensor, ...]:
        """What each column of the kernel answers to each column of pixels."""
        assert isinstance(layer, nn.Conv2d)
        rows, columns = kernel(layer)
        down = _down(layer, layer.out_channels * columns)
        weight = _columns(layer).reshape(-1, layer.in_channels, rows, 1)
        return (pixels(down._conv_forward(inputs, weight, None)),)

    def parameters(self, ranks: Ranks) -> int:  # noqa: D102
        return ranks[0] * sum(self._matrix.shape)

    def build(self, ranks: Ranks) -> nn.Sequential:  # noqa: D102
        (rank,), layer = ranks, self._layer
        columns = kernel(layer)[1]
        kept = self._directions[:, :rank]
        first, second = balanced(kept.T @ self._matrix, kept)
        across = nn.Conv2d(
            rank, layer.out_channels, (1, columns), **steps(layer, 1), bias=layer.bias is not None
        )
        # [outputs and columns, r] to [outputs, r, columns], the order of the kernel across
        second = second.reshape(layer.out_channels, columns, rank).transpose(1, 2)
        return in_a_row([_down(layer, rank), across], [first, second], layer.bias, layer)


def _columns(layer: nn.Conv2d) -> Tensor:
    """The kernel as a matrix, [outputs and columns, inputs and rows]."""
    weight = layer.weight.detach().permute(0, 3, 1, 2)
    return weight.reshape(weight.shape[0] * weight.shape[1], -1)


def _down(layer: nn.Conv2d, channels: int) -> nn.Conv2d:
    """The k×1 convolution that steps down as the layer does."""
    shape = (kernel(layer)[0], 1)
    down = nn.Conv2d(layer.in_channels, channels, shape, **steps(layer, 0), bias=False)
    return down.to(layer.weight.device)
