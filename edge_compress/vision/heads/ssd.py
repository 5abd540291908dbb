"""SSD and other heads whose boxes are decoded in the graph. Liu et al., arXiv:1512.02325."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_compress.bundle.schema import InputSpec, SsdHead
from edge_compress.vision.boxes import cxcywh_to_xyxy
from edge_compress.vision.heads.activation import sigmoid, softmax
from edge_compress.vision.heads.outputs import (
    Decoded,
    ModelOutputError,
    empty,
    expect_outputs,
)
from edge_compress.vision.nms import nms
from edge_compress.vision.thresholds import Thresholds


def decode(
    outputs: Sequence[NDArray[Any]], spec: SsdHead, input: InputSpec, thresholds: Thresholds
) -> Decoded:
    """Read boxes [1, n, 4] and class scores [1, n, classes].

    One box may be kept for more than one class, as the paper has it.

    Returns:
        Boxes float32 [n, 4] xyxy in network pixels, scores float32 [n], class ids int64 [n]; with
        `spec.background` class 0 of the graph is left out and the next one becomes class 0.

    Raises:
        ModelOutputError: other shapes.
    """
    expect_outputs(outputs, 2, "ssd")
    boxes, scores = outputs[0], outputs[1]
    if (
        boxes.ndim != 3
        or boxes.shape[0] != 1
        or boxes.shape[2] != 4
        or scores.ndim != 3
        or scores.shape[:2] != boxes.shape[:2]
    ):
        raise ModelOutputError(
            "the ssd head reads boxes [1, n, 4], then scores [1, n, classes]; the model gives "
            f"{list(boxes.shape)} and {list(scores.shape)}"
        )

    probabilities = scores[0]
    if spec.activation == "softmax":
        probabilities = softmax(probabilities)
    elif spec.activation == "sigmoid":
        probabilities = sigmoid(probabilities)
    if spec.background:
        probabilities = probabilities[:, 1:]
    anchors, class_ids = np.nonzero(probabilities >= thresholds.confidence)
    if anchors.size == 0:
        return empty()

    picked_scores = np.minimum(probabilities[anchors, class_ids], 1.0).astype(np.float32)
    picked = _to_network_xyxy(boxes[0, anchors].astype(np.float32), spec, input)
    kept = nms(picked, picked_scores, class_ids, thresholds.nms_iou, thresholds.max_detections)
    return picked[kept], picked_scores[kept], class_ids[kept]


def _to_network_xyxy(
    boxes: NDArray[np.float32], spec: SsdHead, input: InputSpec
) -> NDArray[np.float32]:
    if spec.box_format == "yxyx":
        boxes = boxes[:, [1, 0, 3, 2]]
    elif spec.box_format == "cxcywh":
        boxes = cxcywh_to_xyxy(boxes)
    if spec.normalized:
        size = (input.width, input.height, input.width, input.height)
        boxes = boxes * np.asarray(size, np.float32)
    return boxes
