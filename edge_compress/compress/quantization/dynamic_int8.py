"""ONNX Runtime's dynamic quantization of single nodes."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import onnx
from onnx import ModelProto
from onnxruntime.quantization import QuantType, quantize_dynamic

from edge_compress.compress.quantization.regions import weighted_nodes

LINEAR = ("MatMul", "Gemm")


def dynamic_nodes(model: ModelProto) -> list[str]:
    """Names of the linear layers with constant weights, in graph order."""
    return [node.name for node in weighted_nodes(model) if node.op_type in LINEAR]


def quantize_nodes(
    model: ModelProto, names: Sequence[str], path: Path, *, per_channel: bool, reduce_range: bool
) -> int:
    """Write the model with the named linear layers as DynamicQuantizeLinear and MatMulInteger.

    Args:
        model: float model with inferred shapes and named nodes.
        names: the nodes to quantize.
        path: the file to write.
        per_channel: one weight scale for each output feature.
        reduce_range: 7-bit weights, where pairs of 8-bit products would saturate.

    Returns:
        How many of them are in 8 bits; a Gemm that scales or transposes its input is not.
    """
    if not names:  # which the quantizer would take for all of them
        return 0
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "float.onnx"
        onnx.save(model, source)
        quantize_dynamic(
            source,
            path,
            op_types_to_quantize=list(LINEAR),
            per_channel=per_channel,
            reduce_range=reduce_range,
            weight_type=QuantType.QInt8,
            # A Gemm becomes a MatMul and an Add before nodes are chosen by name.
            nodes_to_quantize=[*names, *(f"{name}_MatMul" for name in names)],
        )
    return sum(node.op_type == "MatMulInteger" for node in onnx.load(path).graph.node)
