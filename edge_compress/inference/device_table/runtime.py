"""ONNX Runtime on the CPU, for models of any input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from edge_compress.inference.session import ModelError

# Batch norm is fused and constants are folded, by operators of the standard.
BASIC = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
# All fusions, but not the layout of channels in blocks.
EXTENDED = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED


def load(model: Path | bytes, options: onnxruntime.SessionOptions) -> onnxruntime.InferenceSession:
    """A session on the CPU.

    Raises:
        ModelError: the model cannot be loaded.
    """
    source = model if isinstance(model, bytes) else str(model)
    try:
        return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's exceptions have no common base of their own
        what = "the model" if isinstance(model, bytes) else str(model)
        reason = str(error).strip().splitlines()[0]
        raise ModelError(f"{what}: ONNX Runtime cannot load it: {reason}") from error


def random_feeds(session: onnxruntime.InferenceSession) -> dict[str, NDArray[np.float32]]:
    """Random input for each input; a batch that is left free is one.

    Raises:
        ModelError: an input is not float32, or its size is not fixed.
    """
    feeds = {}
    for one in session.get_inputs():
        shape = [1 if i == 0 and not isinstance(n, int) else n for i, n in enumerate(one.shape)]
        if one.type != "tensor(float)" or not all(isinstance(n, int) for n in shape):
            raise ModelError(
                f"input {one.name} is {one.type} {one.shape}: a latency needs float32 of fixed size"
            )
        feeds[one.name] = np.random.default_rng(0).random(shape, dtype=np.float32)
    return feeds
