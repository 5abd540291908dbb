"""YOLOv8 and its kin: no objectness, boxes already in input pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_compress.bundle.schema import InputSpec, Yolov8Head
from edge_compress.vision.boxes import cxcywh_to_xyxy
from edge_compress.vision.heads.outputs import (
    Decoded,
    ModelOutputError,
    empty,
    expect_outputs,
)
from edge_compress.vision.nms import nms
from edge_compress.vision.thresholds import Thresholds


def decode(
    outputs: Sequence[NDArray[Any]], spec: Yolov8Head, input: InputSpec, thresholds: Thresholds
) -> Decoded:
    """Read one output [1, 4 + classes, cells]: cx, cy, w, h in input pixels, then probabilities.

    Returns:
        Boxes float32 [n, 4] xyxy in network pixels, scores float32 [n], class ids int64 [n].

    Raises:
        ModelOutputError: another shape.
    """
    expect_outputs(outputs, 1, "yolov8")
    output = outputs[0]
    if output.ndim != 3 or output.shape[0] != 1 or output.shape[1] < 5:
        raise ModelOutputError(
            f"the yolov8 head reads [1, 4 + classes, cells], the model gives {list(output.shape)}"
        )

    best = output[0, 4:].max(axis=0)
    cells = np.flatnonzero(best >= thresholds.confidence)
    if cells.size == 0:
        return empty()
    columns = output[0][:, cells]
    class_ids = columns[4:].argmax(axis=0)
    scores = np.minimum(best[cells], 1.0).astype(np.float32)
    boxes = cxcywh_to_xyxy(columns[:4].T.astype(np.float32))
    kept = nms(boxes, scores, class_ids, thresholds.nms_iou, thresholds.max_detections)
    return boxes[kept], scores[kept], class_ids[kept]
