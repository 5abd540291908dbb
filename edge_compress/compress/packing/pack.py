"""Store the weights of an ONNX file in as few bits as their values need."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from edge_compress.compress.packing.additions import PREFIX, Additions
from edge_compress.compress.packing.choose import WORTH, codings

SMALLEST = 64  # elements; the nodes that unpack fewer are longer than the weight
_QUANTIZED = frozenset({"QuantizeLinear", "DequantizeLinear"})


def pack(path: Path) -> None:
    """Rewrite a float32 .onnx file so that it computes the same and takes less room.

    Each weight that lies on few levels, or is mostly zero, becomes a constant of few bits and a
    handful of nodes of opset 13 that unpack it. ONNX Runtime computes them once, as it opens the
    file, so that nothing of them is left at run time; for runtimes that cannot, see
    `edge_compress.inference.unpacked`. Dense weights, Q/DQ files and what is packed already stay.

    Raises:
        OSError: when the file cannot be read or written.
    """
    model = onnx.load(path)
    if any(node.op_type in _QUANTIZED for node in model.graph.node):
        return
    additions = Additions(_last_number(model.graph))
    packed = {
        str(tensor.name)
        for tensor in model.graph.initializer
        if _packable(tensor, model.graph) and _packed(tensor, additions)
    }
    if not packed:
        return
    kept = [tensor for tensor in model.graph.initializer if tensor.name not in packed]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    additions.put_before(model.graph)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def is_packed(model: onnx.ModelProto) -> bool:
    """Whether some of the model's weights are unpacked by its graph."""
    return any(tensor.name.startswith(PREFIX) for tensor in model.graph.initializer)


def _packable(tensor: TensorProto, graph: onnx.GraphProto) -> bool:
    outside = {str(value.name) for value in (*graph.input, *graph.output)}
    return (
        tensor.data_type == TensorProto.FLOAT
        and int(np.prod(tensor.dims)) >= SMALLEST
        and tensor.name not in outside
        and not tensor.name.startswith(PREFIX)
    )


def _packed(tensor: TensorProto, additions: Additions) -> bool:
    """Whether the tensor is now computed by `additions`."""
    weight = np.asarray(numpy_helper.to_array(tensor), np.float32)
    best, size = None, WORTH * tensor.ByteSize()
    for coding in codings(weight):
        if coding.payload >= size:  # what its nodes take comes on top
            break
        mark = additions.mark()
        coding.write(additions, str(tensor.name))
        if additions.size - mark.size < size:
            best, size = coding, additions.size - mark.size
        additions.undo(mark)
    if best is not None:
        best.write(additions, str(tensor.name))
    return best is not None


def _last_number(graph: onnx.GraphProto) -> int:
    names = [str(tensor.name) for tensor in graph.initializer]
    names += [str(name) for node in graph.node for name in node.output]
    numbers = [name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)]
    return max((int(number) for number in numbers if number.isdecimal()), default=0)
