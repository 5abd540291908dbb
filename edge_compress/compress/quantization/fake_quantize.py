"""A float module that computes as if its weights and activations had 8 bits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from edge_compress.compress.constraints import Constraint, constrain, release

MOMENTUM = 0.05  # of the range of an activation, from batch to batch
ACTIVATION_LEVELS = 255


class RoundedWeights(Constraint):
    """Weights on the symmetric grid that an export in INT8 would choose for them.

    Args:
        levels: on each side of zero: 127, or 63 where the range is reduced.
        axis: of the output channels, each of which has a scale; None has one for all.
    """

    order: ClassVar[int] = 9  # sees what pruning and coarser grids have made

    def __init__(self, levels: int, axis: int | None) -> None:
        self._levels = levels
        self._axis = axis

    def parametrization(self, weight: Tensor) -> nn.Module:
        """Round in the forward pass, and let gradients straight through."""
        return _StraightThrough(self)

    def applied(self, weight: Tensor) -> Tensor:
        """The nearest weights on the grid; the largest magnitudes stay as they are."""
        axes = [axis for axis in range(weight.dim()) if axis != self._axis]
        largest = weight.detach().abs().amax(axes, keepdim=True)
        step = (largest / self._levels).clamp(min=torch.finfo(weight.dtype).tiny)
        return (weight / step).round() * step


class _StraightThrough(nn.Module):
    def __init__(self, rule: RoundedWeights) -> None:
        super().__init__()
        self._rule = rule

    def forward(self, weight: Tensor) -> Tensor:
        rounded: Tensor = weight + (self._rule.applied(weight) - weight).detach()
        return rounded


class _Activation:
    """Rounds the input of a layer; its range follows those of the batches that train."""

    def __init__(self) -> None:
        self._range: Tensor | None = None

    def __call__(self, layer: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        (values, *rest) = inputs
        if torch.is_grad_enabled() or self._range is None:
            ends = torch.stack([values.detach().amin().clamp(max=0), values.detach().amax()])
            self._range = ends if self._range is None else self._range.lerp(ends, MOMENTUM)
        low, high = (float(end) for end in self._range)
        step = (high - low) / ACTIVATION_LEVELS
        if step <= 0:
            return inputs
        zero = min(ACTIVATION_LEVELS, max(0, round(-low / step)))
        rounded = torch.fake_quantize_per_tensor_affine(values, step, zero, 0, ACTIVATION_LEVELS)
        return (rounded, *rest)


@contextmanager
def fake_quantized(
    layers: Sequence[nn.Module], *, per_channel: bool = True, reduce_range: bool = False
) -> Iterator[None]:
    """Inside, the layers round their inputs, and within `held` their weights, as INT8 would.

    Gradients pass straight through the rounding (Bengio et al., arXiv:1308.3432; Jacob et al.,
    arXiv:1712.05877). On leaving, the layers are plain float again, with weights on the grid that
    an export chooses, so that it rounds nothing more.

    Args:
        layers: convolutions and linear layers of a model.
        per_channel: a scale for each output channel.
        reduce_range: 7-bit weights.
    """
    levels = 63 if reduce_range else 127
    hooks = []
    try:
        for layer in layers:
            axis = 1 if isinstance(layer, nn.ConvTranspose2d) else 0
            constrain(layer, RoundedWeights(levels, axis if per_channel else None))
            hooks.append(layer.register_forward_pre_hook(_Activation()))
        yield
    finally:
        for hook in hooks:
            hook.remove()
        for layer in layers:
            release(layer, RoundedWeights)
