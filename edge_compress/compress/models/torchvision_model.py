"""A model of torchvision, by name."""

from __future__ import annotations

from pathlib import Path

import torchvision
from torch import nn

from edge_compress.bundle.schema import InputSpec
from edge_compress.compress.models.errors import ModelSourceError
from edge_compress.compress.models.state_dict import StateDict, load_state_dict

IMAGENET_INPUT = InputSpec(
    name="images",
    height=224,
    width=224,
    color="rgb",
    scale=1 / 255,
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
    fit="stretch",
)


def load_torchvision(name: str, weights: Path | None) -> tuple[nn.Module, tuple[str, ...]]:
    """Build a classifier of torchvision.

    Args:
        name: such as ``resnet18``.
        weights: a state dict; None takes torchvision's default weights, by its own download.

    Returns:
        The module, and the class names of the default weights (empty with a state dict).

    Raises:
        ModelSourceError: for an unknown name, weights that do not fit, or a failed download.
    """
    if name not in torchvision.models.list_models(module=torchvision.models):
        raise ModelSourceError(
            f"torchvision:{name}: torchvision {torchvision.__version__} has no classifier of that "
            "name; see torchvision.models.list_models()"
        )
    try:
        if weights is not None:
            state = load_state_dict(weights)
            module = torchvision.models.get_model(name, weights=None, num_classes=_classes(state))
            state.load_into(module)
            return module, ()
        default = torchvision.models.get_model_weights(name).DEFAULT
        module = torchvision.models.get_model(name, weights=default)
    except OSError as error:
        raise ModelSourceError(
            f"torchvision:{name}: its weights cannot be downloaded ({error}); "
            "give `model.weights`, a state dict saved by torch.save"
        ) from error
    return module, tuple(default.meta.get("categories", ()))


def _classes(state: StateDict) -> int:
    """How many classes the weights were trained for: the last layer's bias has one value each."""
    return int(next(reversed(state.tensors.values())).shape[0])
