"""How networks end: in classes, or in the rows of a detector."""

from __future__ import annotations

import numpy as np

from edge_compress.inference.device_table.blocks import (
    Activation,
    concat,
    detection_rows,
    enlarge,
    flat,
)
from edge_compress.inference.device_table.draws import draw_channels
from edge_compress.inference.device_table.graph import Graph, Tensor

_MOST_WEIGHTS = 2_000_000  # of one fully connected layer


def classified(rng: np.random.Generator, graph: Graph, x: Tensor, act: Activation) -> Tensor:
    """The mean of each channel, or every value, to some classes."""
    if rng.random() < 0.5 or np.prod(x.shape) > _MOST_WEIGHTS // 1024:
        shape = (1, x.shape[1], 1, 1)
        if rng.random() < 0.3:  # the same, as another exporter writes it
            x = graph.add("ReduceMean", x, shape=shape, axes=[2, 3])
        else:
            x = graph.add("GlobalAveragePool", x, shape=shape)
    x = flat(graph, x)
    if rng.random() < 0.3:
        x = act(graph, graph.linear(x, draw_channels(rng, 2 ** rng.uniform(5, 9))))
    x = graph.linear(x, int(2 ** rng.uniform(1, 10)))
    return graph.add("Softmax", x, shape=x.shape, axis=1) if rng.random() < 0.3 else x


def pyramid(
    rng: np.random.Generator,
    graph: Graph,
    x: Tensor,
    skip: Tensor,
    act: Activation,
) -> tuple[Tensor, ...]:
    """Two scales of a detector, the finer one with what the coarser has seen."""
    classes = int(rng.choice((1, 4, 20, 80)))
    mode = str(rng.choice(("nearest", "nearest", "linear")))
    narrow = act(graph, graph.conv(x, max(4, skip.shape[1] // 2), (1, 1)))
    rows = [detection_rows(graph, x, classes)]
    if all(2 * n == m for n, m in zip(x.shape[2:], skip.shape[2:], strict=True)):
        fine = concat(graph, enlarge(graph, narrow, mode), skip)
        fine = act(graph, graph.conv(fine, draw_channels(rng, skip.shape[1]), (1, 1)))
        rows.append(detection_rows(graph, fine, classes))
    shape = (1, rows[0].shape[1], sum(row.shape[2] for row in rows))
    together = graph.add("Concat", *rows, shape=shape, axis=2)
    return (graph.add("Transpose", together, shape=(1, shape[2], shape[1]), perm=[0, 2, 1]),)
