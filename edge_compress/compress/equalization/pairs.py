"""Layers between which a channel can be scaled without changing what the model computes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import fx, nn
from torch.nn import functional

from edge_compress.compress.models.layer_graph import LayerGraph

Scalable = nn.Conv2d | nn.Linear

# f(s x) = s f(x) for s > 0 in each channel, and channels are not mixed.
_HOMOGENEOUS = (
    *(nn.Identity, nn.Dropout, nn.Dropout2d, nn.ReLU, nn.LeakyReLU, nn.PReLU),
    *(nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d),
    *(nn.Upsample, nn.ZeroPad2d),
)
_HOMOGENEOUS_CALLS: tuple[Any, ...] = (
    *(torch.relu, functional.relu, functional.leaky_relu, functional.dropout),
    *(functional.max_pool2d, functional.avg_pool2d, functional.adaptive_avg_pool2d),
    *("relu", "relu_", "contiguous"),
)
_FLATTENING_CALLS: tuple[Any, ...] = (torch.flatten, "flatten")


@dataclass(frozen=True)
class Pair:
    """A layer, and all that its output reaches before anything that scaling would change.

    Attributes:
        name: of the first layer.
        first: its output channels are divided by the scales.
        seconds: their input channels are multiplied by the scales.
        clipped: names of ReLU6 layers in between, which hold only when they become ReLU.
    """

    name: str
    first: Scalable
    seconds: tuple[Scalable, ...]
    clipped: tuple[str, ...]


@dataclass
class Found:
    """Pairs, and what stood in the way elsewhere.

    Attributes:
        pairs: in order of the calls.
        obstacles: how often each kind of layer or operation ended a search.
    """

    pairs: list[Pair] = field(default_factory=list)
    obstacles: Counter[str] = field(default_factory=Counter)


def find_pairs(layers: LayerGraph) -> Found:
    """All pairs of a model, in order of its calls.

    A layer's output may go to several others, when all of them are layers with weights; scaling
    then goes into each. An addition or a concatenation ends the search.
    """
    found = Found()
    for node, layer in layers.layers():
        if not isinstance(layer, Scalable):
            continue
        search = _Search(layers, _outputs(layer))
        search.follow(node, flattened=False)
        if search.obstacle is not None:
            found.obstacles[search.obstacle] += 1
        elif search.seconds:
            clipped = tuple(search.clipped)
            found.pairs.append(Pair(layers.name(node), layer, tuple(search.seconds), clipped))
    return found


class _Search:
    """Where the channels of one layer go."""

    def __init__(self, layers: LayerGraph, channels: int) -> None:
        self._layers = layers
        self._channels = channels
        self.seconds: list[Scalable] = []
        self.clipped: list[str] = []
        self.obstacle: str | None = None

    def follow(self, node: fx.Node, *, flattened: bool) -> None:
        for user in node.users:
            layer = self._layers.layer(user)
            call = None if user.op == "call_module" else user.target  # of a layer it is the name
            if isinstance(layer, Scalable):
                self._end(layer, flattened)
            elif isinstance(layer, _HOMOGENEOUS) or call in _HOMOGENEOUS_CALLS:
                self.follow(user, flattened=flattened)
            elif isinstance(layer, nn.ReLU6):
                self.clipped.append(str(user.target))
                self.follow(user, flattened=flattened)
            elif isinstance(layer, nn.Flatten) or call in _FLATTENING_CALLS:
                self.follow(user, flattened=True)
            else:
                self.obstacle = _told(user, layer)

    def _end(self, layer: Scalable, flattened: bool) -> None:
        if isinstance(layer, nn.Conv2d):
            fits = layer.in_channels == self._channels and not flattened
        else:  # a picture's channels are flattened one after the other
            fits = layer.in_features % self._channels == 0
            fits = fits and (flattened or layer.in_features == self._channels)
        if fits:
            self.seconds.append(layer)
        else:
            self.obstacle = "a layer that reads another axis"


def _outputs(layer: Scalable) -> int:
    return layer.out_channels if isinstance(layer, nn.Conv2d) else layer.out_features


def _told(node: fx.Node, layer: nn.Module | None) -> str:
    if layer is not None:
        return type(layer).__name__
    if node.op == "call_module":
        return "a layer that shares its weights"
    return (
        "the output" if node.op == "output" else str(getattr(node.target, "__name__", node.target))
    )
