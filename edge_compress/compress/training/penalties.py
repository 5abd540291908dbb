"""Sparse training: penalties that make a network ready to be pruned."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import cast

import torch
from pydantic import model_validator
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from edge_compress.bundle.schema import StrictModel
from edge_compress.compress.constraints import KeepZeros, constrain
from edge_compress.compress.layer_names import matching
from edge_compress.compress.parameter import tunable
from edge_compress.compress.pass_base import PassFailed
from edge_compress.compress.pruning.weight import weight_of
from edge_compress.compress.training.hooks import Hooks


class Sparsity(StrictModel):
    """Added to the loss: L = L0 + weights Σ|w| + channels Σ √n ‖w_channel‖ + batch_norm Σ|γ|.

    Training with these gathers what the network needs in fewer weights or channels, so that a
    `prune` pass afterwards finds the others near zero.
    """

    weights: float = tunable(
        0.0,
        ge=0,
        search=(1e-6, 1e-3),
        log=True,
        description="λ of Σ|w| over single weights, for pruning them",
    )
    channels: float = tunable(
        0.0,
        ge=0,
        search=(1e-6, 1e-3),
        log=True,
        description="λ of the group lasso over channels, for cutting them",
    )
    batch_norm: float = tunable(
        0.0,
        ge=0,
        search=(1e-5, 1e-2),
        log=True,
        description="λ of Σ|gamma| over the scales of batch norm, for cutting channels by these",
    )
    threshold: float | None = tunable(
        None,
        gt=0,
        description="weights of smaller magnitude become zero after each epoch; they may grow "
        "again in the next, and stay zero once training is over; not with `ema`",
    )
    include: tuple[str, ...] = tunable(
        (), description="shell-style patterns of layer names; all layers when empty"
    )
    exclude: tuple[str, ...] = tunable((), description="patterns of layers that are left alone")

    @model_validator(mode="after")
    def _asks_for_something(self) -> Sparsity:
        if not (self.weights or self.channels or self.batch_norm or self.threshold):
            raise ValueError(
                "give at least one of `weights`, `channels`, `batch_norm` and `threshold`"
            )
        return self

    def check(self, module: nn.Module) -> None:
        """See whether the module has what is to become sparse.

        Raises:
            LayerPatternError: for a pattern that fits no layer.
            PassFailed: when scales of batch norm are asked for and there are none.
        """
        matching(module, self.include, self.exclude)
        if self.batch_norm and not _scales(module):
            raise PassFailed(
                "`sparsity.batch_norm`: the model has no batch norm (exported models have it "
                "folded into the convolutions); use `sparsity.channels`"
            )

    def hooks(self, module: nn.Module) -> Hooks:
        """What `train` does besides, for this module.

        With a threshold its layers are marked, so that later passes keep what is zero in the end.

        Raises:
            LayerPatternError: for a pattern that fits no layer.
            PassFailed: when scales of batch norm are asked for and there are none.
        """
        self.check(module)
        names = matching(module, self.include, self.exclude)
        penalized = bool(self.weights or self.channels or self.batch_norm)
        if self.threshold is None:
            return Hooks(penalty=partial(self._penalty, names=names))
        for name in names:
            constrain(module.get_submodule(name), KeepZeros())
        threshold = self.threshold
        return Hooks(
            penalty=partial(self._penalty, names=names) if penalized else None,
            after_epoch=partial(_zero_small_after, names=names, threshold=threshold),
        )

    def _penalty(self, module: nn.Module, names: Sequence[str]) -> Tensor:
        total = torch.zeros(())
        if self.weights:
            total = total + self.weights * l1_of_weights(module, names)
        if self.channels:
            total = total + self.channels * group_lasso(module, names)
        if self.batch_norm:
            total = total + self.batch_norm * l1_of_scales(module)
        return total


def l1_of_weights(module: nn.Module, names: Sequence[str]) -> Tensor:
    """Σ|w| over the weights of some layers; a scalar. Han et al., arXiv:1506.02626."""
    return torch.stack([_weight(module, name).abs().sum() for name in names]).sum()


def group_lasso(module: nn.Module, names: Sequence[str]) -> Tensor:
    """Σ √n ‖w‖₂ over the kernels of each output channel of some layers; a scalar.

    n is the number of weights in a group, so that large kernels are not spared. Yuan and Lin, 2006;
    Wen et al., "Learning Structured Sparsity in Deep Neural Networks", arXiv:1608.03665.
    """
    total = []
    for name in names:
        weight = _weight(module, name)
        transposed = isinstance(module.get_submodule(name), nn.ConvTranspose2d)
        kernels = (weight.transpose(0, 1) if transposed else weight).flatten(1)
        total.append(torch.linalg.vector_norm(kernels, dim=1).sum() * kernels.shape[1] ** 0.5)
    return torch.stack(total).sum()


def l1_of_scales(module: nn.Module) -> Tensor:
    """Σ|γ| over all batch norms; a scalar. Liu et al., "Network Slimming", arXiv:1708.06519."""
    return torch.stack([scale.abs().sum() for scale in _scales(module)]).sum()


@torch.no_grad()
def zero_small(module: nn.Module, names: Sequence[str], threshold: float) -> int:
    """Set weights of some layers with |w| < threshold to zero; how many are zero then."""
    zeros = 0
    for name in names:
        weight = weight_of(module.get_submodule(name))
        weight.masked_fill_(weight.abs() < threshold, 0.0)
        zeros += int((weight == 0).sum())
    return zeros


def _weight(module: nn.Module, name: str) -> Tensor:
    return cast(Tensor, module.get_submodule(name).weight)


def _scales(module: nn.Module) -> list[Tensor]:
    return [
        layer.weight for layer in module.modules() if isinstance(layer, _BatchNorm) and layer.affine
    ]


def _zero_small_after(
    _epoch: int, module: nn.Module, *, names: Sequence[str], threshold: float
) -> None:
    zero_small(module, names, threshold)
