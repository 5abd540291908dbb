"""Bring an exported graph into the shape that a quantizer can work on."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import onnx
from onnx import ModelProto
from onnxruntime.quantization.shape_inference import quant_pre_process

from edge_compress.compress.quantization.error import QuantizationError
from edge_compress.compress.quantization.regions import check_patterns


def prepare(model: ModelProto, *, patterns: Sequence[str] = ()) -> ModelProto:
    """Name all nodes, infer shapes, fold constants and fuse batch norm.

    Args:
        model: as exported; nodes without a name get one.
        patterns: must each fit a node of the graph as it was exported; this is told before any
            long work.

    Raises:
        QuantizationError: a pattern fits no node, or ONNX Runtime cannot read the graph.
    """
    name_all_nodes(model)
    check_patterns(model, patterns)
    with tempfile.TemporaryDirectory() as folder:
        named, path = Path(folder) / "named.onnx", Path(folder) / "prepared.onnx"
        # Given as a file: a model in memory is taken through external data, which loses the small
        # constants that shape inference needs.
        onnx.save(model, named)
        try:
            # Symbolic shape inference only matters to transformers, and needs sympy.
            quant_pre_process(str(named), str(path), skip_symbolic_shape=True)
        except Exception as error:  # the runtime's exceptions have no common base of their own
            reason = (str(error).strip() or repr(error)).splitlines()[0]
            raise QuantizationError(
                f"quantize: ONNX Runtime cannot prepare the graph: {reason}"
            ) from error
        prepared = onnx.load(path)
    name_all_nodes(prepared)
    return prepared


def name_all_nodes(model: ModelProto) -> None:
    """The quantizer chooses nodes by name, so each needs one of its own."""
    taken: set[str] = set()
    for index, node in enumerate(model.graph.node):
        name = node.name or f"{node.op_type}_{index}"
        while name in taken:
            name += "_"
        node.name = name
        taken.add(name)
