"""The blocks that small camera networks are made of, as a graph of ONNX operators."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edge_compress.inference.device_table.graph import Graph, Tensor

Activation = Callable[[Graph, Tensor], Tensor]


def _silu(graph: Graph, x: Tensor) -> Tensor:
    gate = graph.add("Sigmoid", x, shape=x.shape)
    return graph.add("Mul", x, gate, shape=x.shape)


def _relu6(graph: Graph, x: Tensor) -> Tensor:
    low, high = (graph.constant(np.asarray(v, np.float32)) for v in (0, 6))
    return graph.add("Clip", x, low, high, shape=x.shape)


def _gelu(graph: Graph, x: Tensor) -> Tensor:
    root, one, half = (graph.constant(np.asarray(v, np.float32)) for v in (2**0.5, 1, 0.5))
    scaled = graph.add("Div", x, root, shape=x.shape)
    erf = graph.add("Erf", scaled, shape=x.shape)
    shifted = graph.add("Add", erf, one, shape=x.shape)
    product = graph.add("Mul", x, shifted, shape=x.shape)
    return graph.add("Mul", product, half, shape=x.shape)


def _plain(operator: str) -> Activation:
    return lambda graph, x: graph.add(operator, x, shape=x.shape)


ACTIVATIONS: dict[str, Activation] = {
    "relu": _plain("Relu"),
    "relu6": _relu6,
    "silu": _silu,
    "hardswish": _plain("HardSwish"),
    "leaky": lambda graph, x: graph.add("LeakyRelu", x, shape=x.shape, alpha=0.1),
    "sigmoid": _plain("Sigmoid"),
    "tanh": _plain("Tanh"),
    "hardsigmoid": _plain("HardSigmoid"),
    "elu": _plain("Elu"),
    "gelu": _gelu,
    "none": lambda graph, x: x,
}


def residual(
    graph: Graph, x: Tensor, channels: int, kernel: tuple[int, int], act: Activation
) -> Tensor:
    """Two convolutions and a way around them (He et al., arXiv:1512.03385)."""
    y = act(graph, graph.conv(x, channels, kernel))
    y = graph.conv(y, x.shape[1], kernel)
    return act(graph, graph.add("Add", x, y, shape=x.shape))


def inverted(
    graph: Graph,
    x: Tensor,
    wide: int,
    out: int,
    kernel: tuple[int, int],
    act: Activation,
    *,
    stride: int = 1,
    squeeze: bool = False,
) -> Tensor:
    """Widen, depthwise, narrow (Sandler et al., arXiv:1801.04381), perhaps squeeze and excite."""
    y = act(graph, graph.conv(x, wide, (1, 1)))
    y = act(graph, graph.conv(y, wide, kernel, stride=stride, groups=wide))
    if squeeze:
        y = squeeze_excite(graph, y)
    y = graph.conv(y, out, (1, 1))
    return graph.add("Add", x, y, shape=x.shape) if y.shape == x.shape else y


def squeeze_excite(graph: Graph, x: Tensor) -> Tensor:
    """Weigh channels by their mean (Hu et al., arXiv:1709.01507)."""
    _, channels, _, _ = x.shape
    y = graph.add("GlobalAveragePool", x, shape=(1, channels, 1, 1))
    y = graph.conv(y, max(channels // 4, 4), (1, 1))
    y = graph.add("Relu", y, shape=y.shape)
    y = graph.conv(y, channels, (1, 1))
    y = graph.add("HardSigmoid", y, shape=y.shape)
    return graph.add("Mul", x, y, shape=x.shape)


def cross_stage(graph: Graph, x: Tensor, channels: int, act: Activation) -> Tensor:
    """Half of the channels go around (Wang et al., arXiv:1911.11929), as in YOLOX."""
    half = max(channels // 2, 4)
    a = act(graph, graph.conv(x, half, (1, 1)))
    b = act(graph, graph.conv(x, half, (1, 1)))
    y = act(graph, graph.conv(a, half, (1, 1)))
    y = act(graph, graph.conv(y, half, (3, 3), groups=half))
    y = act(graph, graph.conv(y, half, (1, 1)))
    y = graph.add("Add", y, a, shape=a.shape)
    return act(graph, graph.conv(concat(graph, y, b), channels, (1, 1)))


def shuffled(graph: Graph, x: Tensor, act: Activation) -> Tensor:
    """Half of the channels pass, and both halves are mixed (Ma et al., arXiv:1807.11164)."""
    _, channels, height, width = x.shape
    half = channels // 2
    sizes = graph.constant(np.asarray([half, half], np.int64))
    passed, y = graph.split(x, sizes, (1, half, height, width))
    y = act(graph, graph.conv(y, half, (1, 1)))
    y = graph.conv(y, half, (3, 3), groups=half)
    y = concat(graph, passed, act(graph, graph.conv(y, half, (1, 1))))
    pairs = graph.reshape(y, (1, 2, half, height, width))
    turned = (1, half, 2, height, width)
    pairs = graph.add("Transpose", pairs, shape=turned, perm=[0, 2, 1, 3, 4])
    return graph.reshape(pairs, x.shape)


def pyramid_pool(graph: Graph, x: Tensor) -> Tensor:
    """Maximum over windows of three sizes (He et al., arXiv:1406.4729)."""
    return concat(graph, x, *(pool(graph, x, size, 1) for size in (5, 9, 13)))


def pool(graph: Graph, x: Tensor, size: int, stride: int, operator: str = "MaxPool") -> Tensor:
    """The maximum or average of a window, at the same size but for the stride."""
    _, channels, height, width = x.shape
    before, after = (size - 1) // 2, size // 2
    return graph.add(
        operator,
        x,
        shape=(1, channels, (height - 1) // stride + 1, (width - 1) // stride + 1),
        kernel_shape=[size] * 2,
        strides=[stride] * 2,
        pads=[before, before, after, after],
    )


def enlarge(graph: Graph, x: Tensor, mode: str = "nearest") -> Tensor:
    """Twice the size."""
    _, channels, height, width = x.shape
    none = graph.constant(np.zeros(0, np.float32))
    scales = graph.constant(np.asarray([1, 1, 2, 2], np.float32))
    rules = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    shape = (1, channels, 2 * height, 2 * width)
    return graph.add("Resize", x, none, scales, shape=shape, mode=mode, **rules)


def concat(graph: Graph, *parts: Tensor) -> Tensor:
    """Channels beside one another."""
    _, _, height, width = parts[0].shape
    channels = sum(part.shape[1] for part in parts)
    return graph.add("Concat", *parts, shape=(1, channels, height, width), axis=1)


def focus(graph: Graph, x: Tensor) -> Tensor:
    """Each 2 x 2 pixels become channels, by slices, as in YOLOX."""
    _, channels, height, width = x.shape
    rows = [
        _every_second(graph, x, 2, start, (1, channels, height // 2, width)) for start in (0, 1)
    ]
    shape = (1, channels, height // 2, width // 2)
    return concat(
        graph, *(_every_second(graph, row, 3, start, shape) for start in (0, 1) for row in rows)
    )


def _every_second(graph: Graph, x: Tensor, axis: int, start: int, shape: tuple[int, ...]) -> Tensor:
    values = ([start], [2**31 - 1], [axis], [2])
    inputs = [graph.constant(np.asarray(value, np.int64)) for value in values]
    return graph.add("Slice", x, *inputs, shape=shape)


def flat(graph: Graph, x: Tensor) -> Tensor:
    """[1, everything]."""
    size = int(np.prod(x.shape))
    return graph.add("Flatten", x, shape=(1, size))


def detection_rows(graph: Graph, x: Tensor, classes: int) -> Tensor:
    """A head of YOLOX's shape: boxes, objectness and classes of each cell as a column."""
    _, _, height, width = x.shape
    box = graph.conv(x, 4, (1, 1))
    sure = graph.conv(x, 1, (1, 1))
    kinds = graph.conv(x, classes, (1, 1))
    sure, kinds = (graph.add("Sigmoid", one, shape=one.shape) for one in (sure, kinds))
    together = concat(graph, box, sure, kinds)
    return graph.reshape(together, (1, 5 + classes, height * width))
