"""Random small networks, so that every operator is timed where networks have it.

What is measured is a design, not a list of models: the sizes, channel counts on and off the step,
kernels, strides and activations are drawn, each network from its own number.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edge_compress.inference.device_table.blocks import (
    Activation,
    concat,
    cross_stage,
    flat,
    focus,
    inverted,
    pool,
    pyramid_pool,
    residual,
    shuffled,
)
from edge_compress.inference.device_table.draws import (
    draw_activation,
    draw_channels,
    draw_kernel,
)
from edge_compress.inference.device_table.endings import classified, pyramid
from edge_compress.inference.device_table.graph import Graph, Tensor

_CONVOLUTIONAL = 0.8  # share of the networks; the others are perceptrons
_INT8 = 0.15  # share of those that are quantized
_SIDES = (24, 28, 32, 48, 64, 96, 128, 160, 192, 224, 256, 320, 416)
_ASPECTS = (1.0, 1.0, 0.75, 0.5625)
_MOST_MACS = (1e7, 4e8)  # of one network, drawn from in between
_STEM_SHARE = 0.1  # of those, so that a network is more than its first layer
_MOST_CELLS = 1_600_000  # values in one tensor


def random_network(number: int, seed: int = 0) -> bytes:
    """The network of this number as ONNX; the same for the same number and seed."""
    rng = np.random.default_rng((seed, number))
    makers: tuple[Callable[[np.random.Generator], bytes], ...] = (_perceptron, _convolutional)
    return makers[int(rng.random() < _CONVOLUTIONAL)](rng)


def _perceptron(rng: np.random.Generator) -> bytes:
    side = int(rng.choice((8, 16, 28, 28, 32, 40)))
    graph = Graph(rng, (1, int(rng.choice((1, 3))), side, side))
    act = draw_activation(rng)
    x = flat(graph, graph.input)
    for _ in range(rng.integers(1, 6)):
        x = act(graph, graph.linear(x, draw_channels(rng, 2 ** rng.uniform(3.5, 11))))
    x = graph.linear(x, int(2 ** rng.uniform(1, 10)))
    return graph.model(graph.add("Softmax", x, shape=x.shape, axis=1))


def _convolutional(rng: np.random.Generator) -> bytes:
    side = int(rng.choice(_SIDES))
    height = max(8, int(side * rng.choice(_ASPECTS)) // 8 * 8)
    graph = Graph(rng, (1, 3, height, side), int8=rng.random() < _INT8)
    most = 10 ** rng.uniform(*np.log10(_MOST_MACS))
    act = draw_activation(rng)
    affordable = most * _STEM_SHARE / (height * side * 27 / 4)
    width = max(4, min(2 ** rng.uniform(2.5, 6.5), affordable))
    x = _stem(rng, graph, width)
    x = act(graph, x)
    style = str(rng.choice(("plain", "residual", "inverted", "cross", "mixed")))
    skips = [x]
    while min(x.shape[2:]) > 2 and graph.macs < most:
        for _ in range(rng.integers(1, 5)):
            kind = str(rng.choice(("plain", "residual", "inverted", "cross", "odd")))
            x = _block(rng, graph, x, width, act, style if style != "mixed" else kind)
            if graph.macs > most:
                break
        skips.append(x)
        width *= rng.uniform(1.2, 2)
        x = act(graph, _smaller(rng, graph, x, width))
    if rng.random() < 0.4:
        return graph.model(*pyramid(rng, graph, x, skips[-1], act))
    return graph.model(classified(rng, graph, x, act))


def _stem(rng: np.random.Generator, graph: Graph, width: float) -> Tensor:
    x = graph.input
    stride = 1 if x.shape[3] <= 64 and rng.random() < 0.6 else 2
    if x.shape[3] > 64 and rng.random() < 0.25:
        x, stride = focus(graph, x), 1
    most = _MOST_CELLS * stride**2 // (x.shape[2] * x.shape[3])
    kernel = int(rng.choice((3, 3, 5, 7)))
    return graph.conv(x, min(most, draw_channels(rng, width)), (kernel, kernel), stride=stride)


def _block(
    rng: np.random.Generator,
    graph: Graph,
    x: Tensor,
    width: float,
    act: Activation,
    style: str,
) -> Tensor:
    channels = draw_channels(rng, width)
    kernel = draw_kernel(rng)
    if style == "residual":
        return residual(graph, x, channels, kernel, act)
    if style == "inverted":
        most = _MOST_CELLS // (x.shape[2] * x.shape[3])
        wide = min(most, draw_channels(rng, x.shape[1] * rng.uniform(1, 6)))
        return inverted(
            graph, x, wide, _near(rng, x, channels), kernel, act, squeeze=rng.random() < 0.2
        )
    if style == "cross":
        return cross_stage(graph, x, channels, act)
    if style == "odd":
        return _rare(rng, graph, x, channels, act)
    return act(graph, graph.conv(x, channels, kernel))


def _rare(
    rng: np.random.Generator,
    graph: Graph,
    x: Tensor,
    channels: int,
    act: Activation,
) -> Tensor:
    """What networks have now and then."""
    kind = rng.integers(8)
    if kind == 7:  # groups of whole blocks, as in ResNeXt
        groups, each = int(rng.choice((2, 4, 8))), int(rng.choice((4, 8, 16)))
        x = act(graph, graph.conv(x, groups * each, (1, 1)))
        return act(graph, graph.conv(x, groups * each, (3, 3), groups=groups))
    if kind == 6 and x.shape[1] % 2 == 0:
        return shuffled(graph, x, act)
    if kind == 0 and x.shape[1] * 4 * x.shape[2] * x.shape[3] < _MOST_CELLS:
        return pyramid_pool(graph, x)
    if kind == 1:  # a separable window, as a factorization leaves it
        length = int(rng.choice((3, 5, 7)))
        x = graph.conv(x, channels, (length, 1))
        return act(graph, graph.conv(x, channels, (1, length)))
    if kind == 2:
        groups = int(rng.choice([g for g in (2, 4, 8) if x.shape[1] % g == 0] or [1]))
        out = max(1, channels // groups) * groups
        return act(graph, graph.conv(x, out, (3, 3), groups=groups))
    if kind == 3:
        return concat(graph, x, act(graph, graph.conv(x, channels, (3, 3))))
    if kind == 4 and rng.random() < 0.5:
        operator = str(rng.choice(("MaxPool", "AveragePool")))
        return pool(graph, x, int(rng.choice((2, 3))), 1, operator)
    return graph.conv(x, channels, (1, 1))


def _smaller(rng: np.random.Generator, graph: Graph, x: Tensor, width: float) -> Tensor:
    """Half the size, by a stride or a pool."""
    way = rng.integers(4)
    channels = draw_channels(rng, width)
    if way == 0:
        operator = str(rng.choice(("MaxPool", "AveragePool")))
        return graph.conv(pool(graph, x, int(rng.choice((2, 3))), 2, operator), channels, (1, 1))
    if way == 1:
        x = graph.conv(x, x.shape[1], draw_kernel(rng, alone=True), stride=2, groups=x.shape[1])
        return graph.conv(x, channels, (1, 1))
    return graph.conv(x, channels, draw_kernel(rng, alone=True), stride=2)


def _near(rng: np.random.Generator, x: Tensor, channels: int) -> int:
    """The same number of channels most of the time, so that there is a way around."""
    return x.shape[1] if rng.random() < 0.6 else channels
