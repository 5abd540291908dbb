"""Mend the mean error that rounded weights leave at each layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from edge_compress.inference.onnxruntime_session import OrtSession

_CORRECTED = ("Conv", "Gemm")
_CHANNEL_AXIS = 1


def layer_shifts(
    model: ModelProto, quantized: ModelProto, inputs: Iterable[NDArray[np.float32]]
) -> dict[str, NDArray[np.float32]]:
    """By how much the rounding of the weights moves the mean of each output channel.

    Both weights of a layer see what reaches it in the quantized graph, E[(W - Ŵ) x̂], so that each
    layer answers for its own rounding alone and all are measured in one run. Nagel et al.,
    arXiv:1906.04721, section 4.2, on frames instead of batch norm's statistics as in
    arXiv:2106.08295, section 3.4. Memory holds one number a channel.

    Args:
        model: float model with named nodes.
        quantized: the same with Q/DQ nodes.
        inputs: preprocessed frames, float32 [1, 3, height, width]; at least one.

    Returns:
        For each quantized convolution and Gemm, by its node's name, what is to be added to its
        bias, float32 [channels].
    """
    probed = ModelProto()
    probed.CopyFrom(quantized)
    del probed.graph.output[:]
    dequantized = {n.output[0] for n in quantized.graph.node if n.op_type == "DequantizeLinear"}
    exact = {tensor.name: tensor for tensor in model.graph.initializer}
    weight_of = {
        node.name: node.input[1] for node in model.graph.node if node.op_type in _CORRECTED
    }
    names = []
    for node in quantized.graph.node:
        weight = exact.get(weight_of.get(node.name, ""))
        if weight is None or node.input[1] not in dequantized:
            continue
        names.append(node.name)
        _probe(probed, node, weight)
    if not names:
        return {}
    totals: list[Any] = [0.0] * len(names)
    session = OrtSession(probed.SerializeToString(), threads=1, optimize=False)
    count = 0
    try:
        for tensor in inputs:
            count += 1
            means = session.run(tensor)
            totals = [total + mean for total, mean in zip(totals, means, strict=True)]
    finally:
        session.close()
    return {
        name: np.asarray(total / count, np.float32)
        for name, total in zip(names, totals, strict=True)
    }


def corrected(model: ModelProto, shifts: Mapping[str, NDArray[np.float32]]) -> ModelProto:
    """A copy of the float model with the shifts in its biases, to be quantized anew."""
    copy = ModelProto()
    copy.CopyFrom(model)
    biases = {tensor.name: numpy_helper.to_array(tensor) for tensor in copy.graph.initializer}
    for node in copy.graph.node:
        if node.name not in shifts:
            continue
        shift = shifts[node.name]
        given = biases.get(node.input[2]) if len(node.input) > 2 else None
        name = f"{node.name}_corrected_bias"
        bias = shift if given is None else np.asarray(given + shift, np.float32)
        copy.graph.initializer.append(numpy_helper.from_array(bias, name))
        inputs = [*node.input[:2], name]
        del node.input[:]
        node.input.extend(inputs)
    return copy


def _probe(model: ModelProto, node: NodeProto, weight: TensorProto) -> None:
    """Add an output that is the mean of what the weight's rounding error makes of the input."""
    graph = model.graph
    exact, error, moved, mean = (
        f"{node.name}_{part}" for part in ("exact", "error", "moved", "mean")
    )
    rank = len(weight.dims)  # a Gemm's output has two axes, as its weight
    axes = [axis for axis in range(rank) if axis != _CHANNEL_AXIS]
    added = graph.initializer.add()
    added.CopyFrom(weight)
    added.name = exact
    same = helper.make_node(node.op_type, [node.input[0], error], [moved])
    same.attribute.extend(node.attribute)
    graph.node.append(helper.make_node("Sub", [exact, node.input[1]], [error]))
    graph.node.append(same)
    graph.node.append(helper.make_node("ReduceMean", [moved], [mean], axes=axes, keepdims=0))
    graph.output.append(helper.make_tensor_value_info(mean, TensorProto.FLOAT, None))
