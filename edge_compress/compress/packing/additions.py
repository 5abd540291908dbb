"""Nodes and constants that are to be put before those of an ONNX graph."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

PREFIX = "packed/"  # of every name that packing makes up
_FIELD = 4  # bytes: tag and length of an entry of a protobuf list, about


class Mark(NamedTuple):
    """A point in the making of additions: how many there were, and how large."""

    initializers: int
    nodes: int
    size: int


class Additions:
    """What unpacks the weights of a graph; equal constants are stored once."""

    def __init__(self, first: int = 0) -> None:
        """Start with nothing.

        Args:
            first: the number in the first name, above all that the graph has already.
        """
        self.initializers: list[onnx.TensorProto] = []
        self.nodes: list[onnx.NodeProto] = []
        self.size = 0  # bytes in the file, about
        self._names = first
        self._known: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def constant(self, values: NDArray[Any], name: str | None = None) -> str:
        """The name of an initializer with these values; `name` gives it one of its own."""
        key = (values.dtype.str, values.shape, values.tobytes())
        if name is not None or key not in self._known:
            tensor = numpy_helper.from_array(values, name or self._name())
            self.initializers.append(tensor)
            self.size += tensor.ByteSize() + _FIELD
            if name is not None:
                return name
            self._known[key] = str(tensor.name)
        return self._known[key]

    def node(self, op: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """Add a node with one output, and return that output's name."""
        name = output or self._name()
        made = helper.make_node(op, list(inputs), [name], **attributes)
        self.nodes.append(made)
        self.size += made.ByteSize() + _FIELD
        return name

    def mark(self) -> Mark:
        """A point that `undo` goes back to."""
        return Mark(len(self.initializers), len(self.nodes), self.size)

    def undo(self, mark: Mark) -> None:
        """Forget all that was added since."""
        forgotten = {str(tensor.name) for tensor in self.initializers[mark.initializers :]}
        self._known = {k: name for k, name in self._known.items() if name not in forgotten}
        del self.initializers[mark.initializers :], self.nodes[mark.nodes :]
        self.size = mark.size

    def put_before(self, graph: onnx.GraphProto) -> None:
        """Make them a part of the graph."""
        nodes = [*self.nodes, *graph.node]
        del graph.node[:]
        graph.node.extend(nodes)
        graph.initializer.extend(self.initializers)

    def _name(self) -> str:
        self._names += 1
        return f"{PREFIX}{self._names}"


def integers(*values: int) -> NDArray[np.int64]:
    """A vector of int64, as shapes and bounds are written in ONNX."""
    return np.array(values, np.int64)
