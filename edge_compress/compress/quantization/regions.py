"""Which nodes of a graph stay float, found by the graph's structure and never by names."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from onnx import GraphProto, ModelProto, NodeProto

from edge_compress.compress.quantization.error import QuantizationError

WEIGHTED = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})
_RESHAPING = frozenset({"Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Identity"})
_ELEMENTWISE = frozenset(
    {"Relu", "LeakyRelu", "PRelu", "Clip", "Sigmoid", "HardSigmoid", "HardSwish", "Mul", "Tanh"}
)


def weighted_nodes(model: ModelProto) -> list[NodeProto]:
    """Nodes that hold learnt weights, in graph order.

    A MatMul of two activations is not one, nor is a convolution straight after a Softmax: that is
    the expectation over a distribution of box edges (DFL, Li et al., arXiv:2006.04388), decode.
    """
    constants = _constants(model.graph)
    distributions: set[str] = set()
    found = []
    for node in model.graph.node:
        source = node.input[0] if node.input else ""
        if node.op_type == "Softmax" or (node.op_type in _RESHAPING and source in distributions):
            distributions.update(node.output)
        is_weighted = node.op_type in WEIGHTED and constants.intersection(node.input[1:2])
        if is_weighted and source not in distributions:
            found.append(node)
    return found


def tail(model: ModelProto, *, with_predictions: bool) -> set[str]:
    """Names of the nodes between the last weighted node of each path and the outputs.

    This is the head's decode, whatever the head: sigmoid, DFL, the maths on boxes, Concat,
    Reshape and Transpose.

    Args:
        model: every node must have a name of its own.
        with_predictions: count those last weighted nodes (a detector's 1x1 prediction convolutions,
            a classifier's linear layer) in.
    """
    graph = model.graph
    weighted = {node.name for node in weighted_nodes(model)}
    feeds_weighted: set[str] = set()  # tensors from which a weighted node is reached
    names: set[str] = set()
    for node in reversed(graph.node):
        if feeds_weighted.isdisjoint(node.output):
            if node.name not in weighted:
                names.add(node.name)
                continue
            if with_predictions:
                names.add(node.name)
        if node.name in weighted or not feeds_weighted.isdisjoint(node.output):
            feeds_weighted.update(node.input)
    return names


def with_activations(model: ModelProto, names: set[str]) -> set[str]:
    """The names and those of the activations that only they feed.

    An INT8 activation between float layers costs two conversions and loses precision for nothing,
    and ONNX Runtime 1.31 computes some of these islands wrongly (the parity gate found it).
    """
    constants = _constants(model.graph)
    grown = set(names)
    float_tensors: set[str] = set()
    for node in model.graph.node:
        data = {name for name in node.input if name and name not in constants}
        if node.op_type in _ELEMENTWISE and data and data <= float_tensors:
            grown.add(node.name)
        if node.name in grown:
            float_tensors.update(node.output)
    return grown


def matching(model: ModelProto, patterns: Sequence[str]) -> set[str]:
    """Names of the nodes that one of the shell-style patterns fits."""
    names = [node.name for node in model.graph.node]
    return {name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)}


def check_patterns(model: ModelProto, patterns: Sequence[str]) -> None:
    """See that each pattern fits a node.

    Raises:
        QuantizationError: naming the pattern, and what nodes are called.
    """
    for pattern in patterns:
        if not matching(model, (pattern,)):
            examples = ", ".join(node.name for node in weighted_nodes(model)[:3])
            raise QuantizationError(
                f"quantize: `exclude` pattern {pattern!r} fits no node of the exported graph; "
                f"its nodes are named like {examples}"
            )


def _constants(graph: GraphProto) -> set[str]:
    names = {tensor.name for tensor in graph.initializer}
    names.update(node.output[0] for node in graph.node if node.op_type == "Constant")
    return names
