"""DETR: a set of queries, no NMS. Carion et al., arXiv:2005.12872; RT-DETR, arXiv:2304.08069."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_compress.bundle.schema import DetrHead, InputSpec
from edge_compress.vision.boxes import cxcywh_to_xyxy
from edge_compress.vision.heads.activation import sigmoid, softmax
from edge_compress.vision.heads.outputs import (
    Decoded,
    ModelOutputError,
    expect_outputs,
)
from edge_compress.vision.thresholds import Thresholds


def decode(
    outputs: Sequence[NDArray[Any]], spec: DetrHead, input: InputSpec, thresholds: Thresholds
) -> Decoded:
    """Read logits [1, queries, classes (+ 1)] and boxes [1, queries, 4] in 0-1 of the input.

    Training has each object claimed by one query, so nothing is suppressed here and
    `thresholds.nms_iou` is not used.

    Returns:
        Boxes float32 [n, 4] xyxy in network pixels, scores float32 [n], class ids int64 [n].

    Raises:
        ModelOutputError: other shapes.
    """
    expect_outputs(outputs, 2, "detr")
    logits, boxes = outputs[0], outputs[1]
    if (
        logits.ndim != 3
        or logits.shape[0] != 1
        or boxes.ndim != 3
        or boxes.shape != (1, logits.shape[1], 4)
    ):
        raise ModelOutputError(
            "the detr head reads logits [1, queries, classes], then boxes [1, queries, 4]; the "
            f"model gives {list(logits.shape)} and {list(boxes.shape)}"
        )

    if spec.activation == "softmax":
        # The last class is "no object": it takes part in the sum, but is never an answer.
        probabilities = softmax(logits[0])[:, :-1]
    else:
        probabilities = sigmoid(logits[0])
    class_ids = probabilities.argmax(axis=1)
    scores = probabilities[np.arange(len(class_ids)), class_ids].astype(np.float32)
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] >= thresholds.confidence][: thresholds.max_detections]

    size = np.asarray((input.width, input.height, input.width, input.height), np.float32)
    found = cxcywh_to_xyxy(boxes[0, order].astype(np.float32)) * size
    return found, scores[order], class_ids[order]
