"""A model file with its packed weights unpacked, for runtimes that do not fold constants."""

from __future__ import annotations

import tempfile
from pathlib import Path

import onnxruntime

from edge_compress.inference.session import ModelError

_ERRORS_ONLY = 3


def unpacked(model: Path | bytes, name: str = "the model") -> bytes:
    """The model as plain ONNX whose weights are plain float32 initializers.

    ONNX Runtime does this by itself whenever it opens a file. TensorRT's parser does not: it wants
    these bytes. Besides, nodes without effect are dropped and batch norm is fused, as the runtime's
    basic level does, in the operators of the standard.

    Args:
        model: an .onnx file, packed or not, or its bytes.
        name: of the bytes, for messages.

    Raises:
        ModelError: the file is missing, cut short, or no ONNX.
    """
    what = name if isinstance(model, bytes) else str(model)
    if isinstance(model, Path) and not model.is_file():
        raise ModelError(f"{what}: no such file")
    source = model if isinstance(model, bytes) else str(model)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "unpacked.onnx"
        options.optimized_model_filepath = str(written)
        try:
            onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime's exceptions have no common base of their own
            reason = str(error).strip().splitlines()[0]
            raise ModelError(f"{what}: ONNX Runtime cannot load it: {reason}") from error
        return written.read_bytes()
