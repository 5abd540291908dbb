"""What a layer's weight must stay, whichever pass trains it next.

A pass that leaves weights sparse or on a grid says so on the layer, in an attribute that deepcopy,
torch.save and fx carry along with it and that ONNX export does not see. `train` trains inside
`held`, so that any order of passes keeps what an earlier one was asked for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, TypeVar, cast

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

_ATTRIBUTE = "weight_constraints"


class Constraint(ABC):
    """A rule for the weight of one layer.

    It is pickled with the layer. A structured cut changes the weight's shape behind its back:
    state that depends on the shape is made anew from the weight whenever it does not fit.
    """

    order: ClassVar[int] = 0  # of several on one layer: the higher sees what the lower has made

    @abstractmethod
    def parametrization(self, weight: Tensor) -> nn.Module:
        """A module that maps the latent float weight to one that obeys, and passes gradients on.

        Args:
            weight: the present one, which obeys unless a pass has moved it.
        """

    def applied(self, weight: Tensor) -> Tensor:
        """The weight as this rule wants it; one that obeys already comes back as it is."""
        return weight

    def beginning(self, weight: Tensor) -> Tensor:
        """The latent float weight that training begins from, where more is known than `weight`."""
        return weight

    def learnt(self, parametrization: nn.Module, latent: Tensor) -> Constraint:
        """The rule after training, with what there is to remember of it.

        Args:
            parametrization: with the steps or levels that it has learnt.
            latent: the float weight at the end.
        """
        return self


ConstraintT = TypeVar("ConstraintT", bound=Constraint)


class KeepZeros(Constraint):
    """What is zero when training begins is zero when it ends, as in fine-tuning after pruning.

    Holds no mask: which weights are zero is read off the weight, so that it goes with any cut. Han
    et al., "Learning both Weights and Connections", arXiv:1506.02626.
    """

    order: ClassVar[int] = 1

    def parametrization(self, weight: Tensor) -> nn.Module:
        """Multiply by a mask of what is not zero now."""
        return _Masked(weight != 0)


class _Masked(nn.Module):
    mask: Tensor

    def __init__(self, mask: Tensor) -> None:
        super().__init__()
        self.register_buffer("mask", mask)

    def forward(self, weight: Tensor) -> Tensor:
        return weight * self.mask


def constrain(layer: nn.Module, constraint: Constraint) -> None:
    """Lay a constraint on the layer's weight, in place of one of the same class."""
    marks = {**_marks(layer), type(constraint): constraint}
    setattr(layer, _ATTRIBUTE, dict(sorted(marks.items(), key=lambda mark: mark[0].order)))


def constraint_of(layer: nn.Module, kind: type[ConstraintT]) -> ConstraintT | None:
    """The layer's constraint of this class, or None."""
    return cast("ConstraintT | None", _marks(layer).get(kind))


def release(layer: nn.Module, kind: type[Constraint]) -> None:
    """Take a constraint of this class off the layer, if there is one."""
    setattr(layer, _ATTRIBUTE, {k: mark for k, mark in _marks(layer).items() if k is not kind})


def constrained_layers(module: nn.Module) -> dict[str, nn.Module]:
    """The layers that carry a constraint, by name."""
    return {name: layer for name, layer in module.named_modules() if _marks(layer)}


def restore(module: nn.Module) -> list[str]:
    """Bring weights that a pass has moved back to what their constraints say.

    Returns:
        The names of the layers whose weight has changed by that.
    """
    moved = []
    for name, layer in constrained_layers(module).items():
        weight = before = cast("nn.Parameter", layer.weight).detach()
        zero = before == 0
        for constraint in _marks(layer).values():
            weight = constraint.applied(weight)
        if KeepZeros in _marks(layer):  # a grid without a zero would fill them
            weight = weight.masked_fill(zero, 0.0)
        if not torch.equal(weight, before):
            cast("nn.Parameter", layer.weight).data.copy_(weight)
            moved.append(name)
    return moved


@contextmanager
def held(module: nn.Module) -> Iterator[None]:
    """Inside, latent float weights are trained, and the layers compute with ones that obey.

    Make the optimizer inside: the parameters are others than outside. On leaving, the weights are
    those that the layers computed with. Layers without a constraint are not touched.
    """
    layers = [
        layer
        for layer in constrained_layers(module).values()
        if not parametrize.is_parametrized(layer, "weight")
    ]
    try:
        for layer in layers:
            latent = cast("nn.Parameter", layer.weight).data
            weight = latent.clone()
            for constraint in _marks(layer).values():
                latent.copy_(constraint.beginning(latent))
            for constraint in _marks(layer).values():
                rule = constraint.parametrization(weight)
                parametrize.register_parametrization(layer, "weight", rule)
        yield
    finally:
        for layer in layers:
            if parametrize.is_parametrized(layer, "weight"):
                _keep(layer)


def _keep(layer: nn.Module) -> None:
    """Make the constrained weight the layer's own, and remember what the rules have learnt."""
    rules = cast("Any", layer).parametrizations["weight"]
    latent = rules.original.detach().clone()
    for constraint, rule in zip(list(_marks(layer).values()), rules, strict=False):
        constrain(layer, constraint.learnt(rule, latent))
    parametrize.remove_parametrizations(layer, "weight", leave_parametrized=True)


def _marks(layer: nn.Module) -> dict[type[Constraint], Constraint]:
    marks: dict[type[Constraint], Constraint] = layer.__dict__.get(_ATTRIBUTE, {})
    return marks
