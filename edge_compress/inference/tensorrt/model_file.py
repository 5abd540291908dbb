"""An .onnx file as TensorRT's parser wants it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edge_compress.inference.session import ModelError
from edge_compress.inference.unpacked import unpacked

Precision = Literal["fp32", "fp16", "int8"]


@dataclass(frozen=True)
class ModelFile:
    """A file to make an engine of.

    Attributes:
        path: where it lies.
        sha256: of its content, in hex.
    """

    path: Path
    sha256: str

    @classmethod
    def of(cls, path: Path) -> ModelFile:
        """Read a file once.

        Raises:
            ModelError: it is missing or cannot be read.
        """
        return cls(path, hashlib.sha256(_bytes(path)).hexdigest())

    def for_parser(self) -> tuple[bytes, Precision]:
        """Return what is parsed, and what it computes in.

        A Q/DQ file and one in half precision go to TensorRT as they are: ONNX Runtime, which
        unpacks weights, would make biases INT8's int32 there, which TensorRT refuses, and widen
        half to single precision.

        Raises:
            ModelError: the file is missing, cut short, or no ONNX.
        """
        precision = written_precision(self.path)
        if precision == "fp32":
            return unpacked(self.path), precision
        return _bytes(self.path), precision


def written_precision(path: Path) -> Precision:
    """Return what a file computes in, by the operators that it has.

    Raises:
        ModelError: the file is missing, cut short, or no ONNX.
    """
    import onnx  # slow to import, and needed only while an engine is built

    try:
        model = onnx.load_from_string(_bytes(path))
    except Exception as error:  # protobuf's own class differs between its versions
        raise ModelError(f"{path}: is no ONNX file: {error}") from error
    if any(node.op_type == "QuantizeLinear" for node in model.graph.node):
        return "int8"
    half = onnx.TensorProto.FLOAT16
    if any(_casts_to(node, half) for node in model.graph.node):
        return "fp16"
    return "fp32"


def _casts_to(node: object, kind: int) -> bool:
    import onnx

    assert isinstance(node, onnx.NodeProto)
    return node.op_type == "Cast" and any(a.name == "to" and a.i == kind for a in node.attribute)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: {(error.strerror or str(error)).lower()}") from error
