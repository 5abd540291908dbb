"""Classifiers: the whole image is the box."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_compress.bundle.schema import ClassifierHead, InputSpec
from edge_compress.vision.heads.activation import softmax
from edge_compress.vision.heads.outputs import (
    Decoded,
    ModelOutputError,
    expect_outputs,
)
from edge_compress.vision.thresholds import Thresholds


def decode(
    outputs: Sequence[NDArray[Any]], spec: ClassifierHead, input: InputSpec, thresholds: Thresholds
) -> Decoded:
    """Read one output [1, classes] and keep the `spec.top_k` best that are confident enough.

    Returns:
        The whole input as box, float32 [n, 4] in network pixels, scores float32 [n], class ids
        int64 [n].

    Raises:
        ModelOutputError: another shape.
    """
    expect_outputs(outputs, 1, "classifier")
    output = outputs[0]
    if output.ndim != 2 or output.shape[0] != 1 or output.shape[1] == 0:
        raise ModelOutputError(
            f"the classifier head reads [1, classes], the model gives {list(output.shape)}"
        )

    probabilities = softmax(output[0]) if spec.activation == "softmax" else output[0]
    order = np.argsort(-probabilities, kind="stable")[: min(spec.top_k, thresholds.max_detections)]
    order = order[probabilities[order] >= thresholds.confidence]
    whole = np.asarray((0, 0, input.width, input.height), np.float32)
    scores = np.minimum(probabilities[order], 1.0).astype(np.float32)
    return np.tile(whole, (len(order), 1)), scores, order.astype(np.int64)
