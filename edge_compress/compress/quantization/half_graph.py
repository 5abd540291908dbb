"""A float graph computed in half precision, but for what half precision cannot hold."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, numpy_helper
from onnxruntime.quantization.onnx_model import ONNXModel
from onnxruntime.transformers.float16 import convert_float_to_float16

# IEEE 754 binary16 ends at 65504. Half of that leaves room for frames that were not seen, and for
# the sums inside an operator.
LARGEST = 32752.0


def too_large(model: ModelProto, ranges: Any) -> set[str]:
    """Names of the nodes that have an input, an output or a weight beyond half precision.

    Args:
        model: float model with named nodes.
        ranges: of `calibrate` with the method ``minmax``, measured at all operators.
    """
    tensors = {
        name for name, seen in ranges.items() if float(np.abs(seen.range_value).max()) > LARGEST
    }
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.size and float(np.abs(values).max()) > LARGEST:
            tensors.add(tensor.name)
    return {
        node.name
        for node in model.graph.node
        if not tensors.isdisjoint(node.input) or not tensors.isdisjoint(node.output)
    }


def half_graph(model: ModelProto, *, keep_float: set[str]) -> ModelProto:
    """A copy with FP16 weights and arithmetic; inputs and outputs stay float32.

    Args:
        model: float model with inferred shapes and named nodes.
        keep_float: names of nodes that are computed in float32, between two Casts.
    """
    copy = ModelProto()
    copy.CopyFrom(model)
    result: ModelProto = convert_float_to_float16(
        copy, keep_io_types=True, node_block_list=sorted(keep_float)
    )
    graph = ONNXModel(result)
    graph.topological_sort()
    _keep_float_between(graph.model.graph)
    return result


def _keep_float_between(graph: GraphProto) -> None:
    """Take out the Casts to half precision and back that the converter puts between float nodes."""
    narrowed = {n.output[0]: n.input[0] for n in graph.node if _casts_to(n, TensorProto.FLOAT16)}
    needless = {
        node.output[0]: narrowed[node.input[0]]
        for node in graph.node
        if _casts_to(node, TensorProto.FLOAT) and node.input[0] in narrowed
    }
    # A graph's output keeps its name: the node that computes it writes it itself.
    outputs = {value.name for value in graph.output}
    written = {source: name for name, source in needless.items() if name in outputs}
    nodes = [node for node in graph.node if node.output[0] not in needless]
    for node in nodes:
        sources = [needless.get(name, name) for name in node.input]
        node.input[:] = [written.get(name, name) for name in sources]
        node.output[:] = [written.get(name, name) for name in node.output]
    used = outputs.union(*(node.input for node in nodes))
    kept = [node for node in nodes if node.output[0] not in narrowed or node.output[0] in used]
    del graph.node[:]
    graph.node.extend(kept)


def _casts_to(node: NodeProto, kind: int) -> bool:
    return node.op_type == "Cast" and node.attribute[0].i == kind
