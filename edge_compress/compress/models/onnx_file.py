"""An .onnx file as it came: read, checked, and asked for its image input."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError
from onnx.external_data_helper import uses_external_data

from edge_compress.compress.models.errors import ModelSourceError
from edge_compress.compress.packing import is_packed
from edge_compress.inference.unpacked import unpacked

BATCH, CHANNELS, HEIGHT, WIDTH = range(4)


@dataclass(frozen=True)
class OnnxFile:
    """A readable ONNX graph with one image input.

    Attributes:
        path: where it was read from.
        proto: the whole model.
        input_name: of the image input [n, 3, height, width].
        shape: its sizes; None where the file leaves a size open.
        output_names: in the graph's order.
    """

    path: Path
    proto: onnx.ModelProto
    input_name: str
    shape: tuple[int | None, int | None, int | None, int | None]
    output_names: tuple[str, ...]

    @property
    def opset(self) -> int:
        """Version of the standard operator set."""
        return max((o.version for o in self.proto.opset_import if not o.domain), default=0)


def read_onnx(path: Path) -> OnnxFile:
    """Read and check an ONNX file.

    Raises:
        ModelSourceError: when it is no ONNX file, is truncated, or has no 4-D image input.
    """
    try:
        proto = onnx.load(str(path))
        onnx.checker.check_model(proto)
        if is_packed(proto):  # the float file of a bundle; the nodes that unpack are no layers
            proto = onnx.load_from_string(unpacked(path))
    except FileNotFoundError as error:
        raise ModelSourceError(
            f"{path}: a file that the model needs is not there: {error.filename or error}"
        ) from error
    except (DecodeError, onnx.checker.ValidationError, OSError, ValueError) as error:
        reason = str(error).strip().splitlines()
        raise ModelSourceError(
            f"{path}: truncated, or not an ONNX file ({reason[0] if reason else 'unreadable'}); "
            "export or download it again"
        ) from error
    graph = proto.graph
    if not graph.node or not graph.output:
        raise ModelSourceError(f"{path}: the graph is empty; export the model again")
    name, shape = _image_input(path, graph)
    return OnnxFile(path, proto, name, shape, tuple(value.name for value in graph.output))


def _image_input(
    path: Path, graph: onnx.GraphProto
) -> tuple[str, tuple[int | None, int | None, int | None, int | None]]:
    constants = {initializer.name for initializer in graph.initializer}
    inputs = [value for value in graph.input if value.name not in constants]
    told = ", ".join(f"{value.name} {_shown(value)}" for value in inputs) or "none"
    if len(inputs) != 1:
        raise ModelSourceError(
            f"{path}: needs exactly one input, an image [n, 3, height, width]; it has: {told}"
        )
    tensor = inputs[0].type.tensor_type
    sizes = [d.dim_value if d.HasField("dim_value") else None for d in tensor.shape.dim]
    sizes = [None if size is not None and size < 1 else size for size in sizes]
    if len(sizes) != 4 or sizes[CHANNELS] not in (3, None):
        raise ModelSourceError(
            f"{path}: no image input: float32 [n, 3, height, width] is needed, "
            f"but the input is {told}; export the model with channels first"
        )
    if tensor.elem_type != onnx.TensorProto.FLOAT:
        kind = onnx.TensorProto.DataType.Name(tensor.elem_type)
        raise ModelSourceError(
            f"{path}: the input {told} is {kind}; float32 is needed: start from the FP32 model"
        )
    return inputs[0].name, (sizes[0], sizes[1], sizes[2], sizes[3])


def _shown(value: onnx.ValueInfoProto) -> str:
    sizes = [str(d.dim_value or d.dim_param or "?") for d in value.type.tensor_type.shape.dim]
    return f"[{', '.join(sizes)}]"


def runs_as_it_is(path: Path) -> bool:
    """Whether a file can stand in a bundle as it is: one file, one image, a fixed size."""
    if path.suffix != ".onnx":
        return False
    proto = onnx.load(str(path), load_external_data=False)
    if any(uses_external_data(tensor) for tensor in proto.graph.initializer):
        return False
    _, shape = _image_input(path, proto.graph)
    return shape[BATCH] in (1, None) and None not in shape[CHANNELS:]
