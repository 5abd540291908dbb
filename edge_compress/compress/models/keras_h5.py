"""Weights that Keras saved as .h5, for the same network in torch. TensorFlow is not needed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import torch
from torch import Tensor, nn

from edge_compress.compress.models.errors import ModelSourceError
from edge_compress.compress.models.state_dict import StateDict

SUFFIXES = frozenset({".h5", ".hdf5"})
_NORM = ("gamma", "beta", "moving_mean", "moving_variance")
_KINDS: dict[str, type[nn.Module]] = {
    "Conv2D": nn.Conv2d,
    "DepthwiseConv2D": nn.Conv2d,
    "Dense": nn.Linear,
    "BatchNormalization": nn.BatchNorm2d,
}


class _Layer(NamedTuple):
    name: str
    kind: str
    weights: dict[str, Any]
    epsilon: float | None


def convert(path: Path, module: nn.Module, target: Path) -> Path:
    """Write weights of Keras as a state dict that ``torch.load`` reads.

    Args:
        path: .h5 of a whole Keras model.
        module: the same network in torch, see `load_keras_h5`.
        target: the file to write.

    Returns:
        `target`.

    Raises:
        ModelSourceError: when the file does not fit.
    """
    torch.save(load_keras_h5(path, module).tensors, target)
    return target


def load_keras_h5(path: Path, module: nn.Module) -> StateDict:
    """Read weights for a module that has its layers in the same order as the Keras model.

    Layers are matched by order and kind: Conv2D and DepthwiseConv2D with Conv2d, Dense with Linear,
    BatchNormalization with BatchNorm2d. A Dense must not follow a Flatten of more than one pixel,
    since the two frameworks order pixels and channels differently.

    Args:
        path: .h5 as `model.save` of Keras 2 writes it.
        module: left unchanged.

    Raises:
        ModelSourceError: it is no such file, or a layer does not fit.
    """
    layers = list(_layers(path))
    modules = [(n, m) for n, m in module.named_modules() if isinstance(m, tuple(_KINDS.values()))]
    if len(layers) != len(modules):
        raise ModelSourceError(
            f"{path}: has {len(layers)} layers with weights, the model has {len(modules)}"
        )
    tensors = {}
    for layer, (name, own) in zip(layers, modules, strict=True):
        if not isinstance(own, _KINDS[layer.kind]):
            raise ModelSourceError(
                f"{path}: layer {layer.name!r} is a {layer.kind}, but in its place the model has "
                f"{name!r}, a {type(own).__name__}"
            )
        if layer.epsilon is not None and layer.epsilon != getattr(own, "eps", None):
            raise ModelSourceError(
                f"{path}: layer {layer.name!r} has an epsilon of {layer.epsilon}, {name!r} another"
            )
        for key, value in _converted(layer).items():
            tensors[f"{name}.{key}"] = torch.from_numpy(np.ascontiguousarray(value))
    return StateDict(path, {**_counters(module), **tensors})


def _layers(path: Path) -> Iterator[_Layer]:
    try:
        with h5py.File(path) as file:
            config = json.loads(file.attrs["model_config"])
            for layer in config["config"]["layers"]:
                name, kind = layer["config"]["name"], layer["class_name"]
                group = file["model_weights"][name]
                weights = {
                    text.split("/")[-1].partition(":")[0]: np.asarray(group[text])
                    for text in map(_text, group.attrs["weight_names"])
                }
                if kind in _KINDS:
                    yield _Layer(name, kind, weights, layer["config"].get("epsilon"))
                elif weights:
                    raise ModelSourceError(
                        f"{path}: layer {name!r} is a {kind}, which cannot be converted"
                    )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ModelSourceError(
            f"{path}: not a whole model saved by Keras 2 as .h5 ({error})"
        ) from error


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name


def _converted(layer: _Layer) -> dict[str, Any]:
    """Keras puts the channels last: kernels are [height, width, in, out], or [in, out]."""
    weights = layer.weights
    if layer.kind == "BatchNormalization":
        names = ("weight", "bias", "running_mean", "running_var")
        mean = weights["moving_mean"]
        # With `scale=False` or `center=False` Keras computes with these, and stores none.
        whole = {"gamma": np.ones_like(mean), "beta": np.zeros_like(mean), **weights}
        return {name: whole[key] for name, key in zip(names, _NORM, strict=True)}
    bias = {"bias": weights["bias"]} if "bias" in weights else {}
    if layer.kind == "Dense":
        return {"weight": weights["kernel"].T, **bias}
    if layer.kind == "Conv2D":
        return {"weight": weights["kernel"].transpose(3, 2, 0, 1), **bias}
    kernel = weights["depthwise_kernel"].transpose(2, 3, 0, 1)
    return {"weight": kernel.reshape(-1, 1, *kernel.shape[2:]), **bias}


def _counters(module: nn.Module) -> dict[str, Tensor]:
    """What torch counts in batch norms, which Keras does not have."""
    return {key: v for key, v in module.state_dict().items() if key.endswith("num_batches_tracked")}
