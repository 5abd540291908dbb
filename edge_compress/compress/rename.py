"""Give the values of an ONNX graph other names."""

from __future__ import annotations

from collections.abc import Mapping

import onnx


def rename_values(model: onnx.ModelProto, names: Mapping[str, str]) -> None:
    """Rename values wherever they appear; one that has a new name already makes room.

    Args:
        model: changed in place; must have no subgraphs that use the values.
        names: from the present name to the new one.
    """
    graph = model.graph
    taken = {name for node in graph.node for name in (*node.input, *node.output)}
    taken |= {value.name for value in graph.input} | {tensor.name for tensor in graph.initializer}
    moved = {new: f"{new}_inner" for new in names.values() if new in taken and new not in names}
    change = {**moved, **{old: new for old, new in names.items() if old != new}}
    for node in graph.node:
        for listed in (node.input, node.output):
            for place, name in enumerate(listed):
                listed[place] = change.get(name, name)
    for value in (*graph.input, *graph.output, *graph.value_info):
        value.name = change.get(value.name, value.name)
    for tensor in graph.initializer:
        tensor.name = change.get(tensor.name, tensor.name)
