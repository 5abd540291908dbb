"""An .onnx file as TensorRT's parser wants it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from edge_compress.inference.sealed_file import ModelSource
from edge_compress.inference.session import ModelError, ProviderError
from edge_compress.inference.unpacked import unpacked

Precision = Literal["fp32", "fp16", "int8"]


@dataclass(frozen=True)
class ModelFile:
    """A file to make an engine of, read once: the engine is that of the hash that names it.

    Attributes:
        path: where it was read, for messages.
        content: of the file.
    """

    path: str
    content: bytes = field(repr=False)

    @classmethod
    def of(cls, source: ModelSource | bytes) -> ModelFile:
        """Read a file.

        Raises:
            ModelError: it is missing, cannot be read, or is not what its bundle says.
        """
        if isinstance(source, bytes):
            return cls("the model", source)
        try:
            return cls(str(source), source.read_bytes())
        except OSError as error:
            raise ModelError(f"{source}: {(error.strerror or str(error)).lower()}") from error

    @cached_property
    def sha256(self) -> str:
        """Of the content, in hex."""
        return hashlib.sha256(self.content).hexdigest()

    def for_parser(self) -> tuple[bytes, Precision]:
        """Return what is parsed, and what it computes in.

        A Q/DQ file and one in half precision go to TensorRT as they are: ONNX Runtime, which
        unpacks weights, would make biases INT8's int32 there, which TensorRT refuses, and widen
        half to single precision.

        Raises:
            ModelError: the file is cut short, or no ONNX.
            ProviderError: the Python package onnx is not here.
        """
        precision = self.written_precision()
        if precision == "fp32":
            return unpacked(self.content, self.path), precision
        return self.content, precision

    def written_precision(self) -> Precision:
        """Return what the file computes in, by the operators that it has.

        Raises:
            ModelError: the file is cut short, or no ONNX.
            ProviderError: the Python package onnx is not here.
        """
        try:
            import onnx  # slow to import, and needed for TensorRT only
        except ImportError as error:
            raise ProviderError(
                f"TensorRT needs the Python package onnx (`pip install onnx`): {error}"
            ) from error
        try:
            model = onnx.load_from_string(self.content)
        except Exception as error:  # protobuf's own class differs between its versions
            raise ModelError(f"{self.path}: is no ONNX file: {error}") from error
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
