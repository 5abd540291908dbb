"""Tucker-2 decomposition of a convolution: narrow, convolve, widen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from edge_compress.compress.factorization.basis import principal
from edge_compress.compress.factorization.decomposition import Decomposition
from edge_compress.compress.factorization.factors import in_a_row, kernel, pixels, steps
from edge_compress.compress.factorization.moments import Moments
from edge_compress.compress.factorization.ranks import Ranks

_SWEEPS = 10  # of HOOI; it settles in a few


class TuckerDecomposition(Decomposition):
    """A 1×1 convolution to r₁ channels, a k×k one to r₂, and a 1×1 one to all of them.

    Kim et al., arXiv:1511.06530; the factors by HOSVD, refined by HOOI (De Lathauwer et al., 2000).
    Weighted, the inputs are whitened by their channels' covariance, and the output factor follows
    the responses.
    """

    name: ClassVar[str] = "Tucker-2"

    def __init__(self, layer: nn.Conv2d, moments: Sequence[Moments] | None = None) -> None:
        """Take apart a convolution of one group."""
        self._layer = layer
        weight = layer.weight.detach().double()
        root, self._unroot = _roots(moments[0].second if moments else None, weight)
        self._weight = torch.einsum("oihw,ij->ojhw", weight, root)  # of whitened inputs
        self._by_responses = moments is not None
        inputs = principal(self._weight.transpose(0, 1).flatten(1))
        outputs = principal(self._weight.flatten(1), moments[1].second if moments else None)
        self._inputs, self._outputs = inputs.directions, outputs.directions
        self.spectra = (inputs.sigma, outputs.sigma)

    @staticmethod
    def probe(layer: nn.Module, inputs: Tensor) -> tuple[Tensor, ...]:
        """The input's channels, and the answers without the bias, a row for each pixel."""
        assert isinstance(layer, nn.Conv2d)
        return pixels(inputs), pixels(layer._conv_forward(inputs, layer.weight, None))

    def parameters(self, ranks: Ranks) -> int:  # noqa: D102
        layer, (few_in, few_out) = self._layer, ranks
        rows, columns = kernel(layer)
        narrow, wide = layer.in_channels * few_in, few_out * layer.out_channels
        return narrow + few_in * few_out * rows * columns + wide

    def build(self, ranks: Ranks) -> nn.Sequential:  # noqa: D102
        layer, (few_in, few_out) = self._layer, ranks
        inputs, outputs = self._factors(few_in, few_out)
        core = torch.einsum("oihw,or,is->rshw", self._weight, outputs, inputs)
        return in_a_row(
            [
                nn.Conv2d(layer.in_channels, few_in, 1, bias=False),
                nn.Conv2d(few_in, few_out, kernel(layer), **steps(layer), bias=False),
                nn.Conv2d(few_out, layer.out_channels, 1, bias=layer.bias is not None),
            ],
            [inputs.T @ self._unroot, core, outputs],
            layer.bias,
            layer,
        )

    def _factors(self, few_in: int, few_out: int) -> tuple[Tensor, Tensor]:
        """The input factor [inputs, r₁] and the output factor [outputs, r₂], orthonormal."""
        inputs, outputs = self._inputs[:, :few_in], self._outputs[:, :few_out]
        for _ in range(_SWEEPS):
            seen = torch.einsum("oihw,or->irhw", self._weight, outputs).flatten(1)
            inputs = _leading(seen, few_in)
            if self._by_responses:  # which the plain sweep over outputs would forget
                break
            said = torch.einsum("oihw,is->oshw", self._weight, inputs).flatten(1)
            outputs = _leading(said, few_out)
        return inputs, outputs


def _leading(matrix: Tensor, rank: int) -> Tensor:
    """The first left singular vectors, [rows, rank], also where the matrix has fewer columns."""
    vectors: Tensor = torch.linalg.eigh(matrix @ matrix.T).eigenvectors
    return vectors.flip(1)[:, :rank]


def _roots(second: Tensor | None, weight: Tensor) -> tuple[Tensor, Tensor]:
    """The inputs' root covariance and its inverse; the identity where nothing is known."""
    if second is None or not float(second.trace()) > 0:
        same = torch.eye(weight.shape[1], dtype=weight.dtype, device=weight.device)
        return same, same
    energy, directions = torch.linalg.eigh(second)
    # Channels that are never excited are kept invertible.
    root = energy.clamp_min(1e-6 * float(energy[-1])).sqrt()
    return directions * root @ directions.T, directions / root @ directions.T
