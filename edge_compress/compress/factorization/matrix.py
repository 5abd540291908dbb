"""Layers that are one matrix: SVD of a linear layer, channel decomposition of a convolution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional

from edge_compress.compress.factorization.basis import balanced, principal
from edge_compress.compress.factorization.decomposition import Decomposition
from edge_compress.compress.factorization.factors import Weighted, in_a_row, kernel, pixels, steps
from edge_compress.compress.factorization.moments import Moments
from edge_compress.compress.factorization.ranks import Ranks


class MatrixDecomposition(Decomposition):
    """A ≈ U (UᵀA), with the bias that mends the mean answer where that is known."""

    def __init__(self, layer: Weighted, moments: Sequence[Moments] | None = None) -> None:
        """Take apart a layer with `weight` [outputs, ...]."""
        self._matrix = layer.weight.detach().double().flatten(1)
        self._bias = None if layer.bias is None else layer.bias.detach().double()
        responses = moments[0] if moments else None
        self._mean = responses.mean if responses else None
        basis = principal(self._matrix, responses.covariance if responses else None)
        self._directions, self.spectra = basis.directions, (basis.sigma,)

    def parameters(self, ranks: Ranks) -> int:  # noqa: D102
        return ranks[0] * sum(self._matrix.shape)

    def _factors(self, rank: int) -> tuple[Tensor, Tensor, Tensor | None]:
        """First [r, inputs], second [outputs, r], and the bias [outputs]."""
        kept = self._directions[:, :rank]
        first, second = balanced(kept.T @ self._matrix, kept)
        if self._mean is None:
            return first, second, self._bias
        lost = self._mean - kept @ (kept.T @ self._mean)
        return first, second, lost if self._bias is None else self._bias + lost


class LinearSvd(MatrixDecomposition):
    """Linear(m, n) becomes Linear(m, r) without bias and Linear(r, n).

    A = UΣVᵀ truncated: Xue et al., Interspeech 2013; Denton et al., arXiv:1404.0736.
    """

    name: ClassVar[str] = "SVD"

    def __init__(self, layer: nn.Linear, moments: Sequence[Moments] | None = None) -> None:
        """Take apart a linear layer."""
        super().__init__(layer, moments)
        self._layer = layer

    @staticmethod
    def probe(layer: nn.Module, inputs: Tensor) -> tuple[Tensor, ...]:
        """The answers without the bias."""
        assert isinstance(layer, nn.Linear)
        return (functional.linear(inputs, layer.weight).flatten(0, -2),)

    def build(self, ranks: Ranks) -> nn.Sequential:  # noqa: D102
        (rank,), layer = ranks, self._layer
        first, second, bias = self._factors(rank)
        thin = nn.Linear(layer.in_features, rank, bias=False)
        wide = nn.Linear(rank, layer.out_features, bias=bias is not None)
        return in_a_row([thin, wide], [first, second], bias, layer)


class ChannelDecomposition(MatrixDecomposition):
    """A k×k convolution to r channels, then a 1×1 one to all of them.

    Zhang et al., arXiv:1505.06798. Of a 1×1 convolution it is the SVD of its matrix.
    """

    name: ClassVar[str] = "channel decomposition"

    def __init__(self, layer: nn.Conv2d, moments: Sequence[Moments] | None = None) -> None:
        """Take apart a convolution of one group."""
        super().__init__(layer, moments)
        self._layer = layer

    @staticmethod
    def probe(layer: nn.Module, inputs: Tensor) -> tuple[Tensor, ...]:
        """The answers without the bias, a row for each pixel."""
        assert isinstance(layer, nn.Conv2d)
        return (pixels(layer._conv_forward(inputs, layer.weight, None)),)

    def build(self, ranks: Ranks) -> nn.Sequential:  # noqa: D102
        (rank,), layer = ranks, self._layer
        first, second, bias = self._factors(rank)
        thin = nn.Conv2d(layer.in_channels, rank, kernel(layer), **steps(layer), bias=False)
        wide = nn.Conv2d(rank, layer.out_channels, 1, bias=bias is not None)
        return in_a_row([thin, wide], [first, second], bias, layer)
