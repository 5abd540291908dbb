"""YOLOX: an anchor-free grid with objectness. Ge et al., arXiv:2107.08430."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_compress.bundle.schema import InputSpec, YoloxHead
from edge_compress.vision.boxes import cxcywh_to_xyxy
from edge_compress.vision.heads.outputs import (
    Decoded,
    ModelOutputError,
    empty,
    expect_outputs,
)
from edge_compress.vision.nms import nms
from edge_compress.vision.thresholds import Thresholds

# exp(16) pixels is far outside of any image; more would only overflow.
_LARGEST_LOG_SIDE = 16.0


def decode(
    outputs: Sequence[NDArray[Any]], spec: YoloxHead, input: InputSpec, thresholds: Thresholds
) -> Decoded:
    """Read one output [1, cells, 5 + classes] of raw grid values.

    Returns:
        Boxes float32 [n, 4] xyxy in network pixels, scores float32 [n], class ids int64 [n].

    Raises:
        ModelOutputError: the shape does not fit the input size and strides.
    """
    expect_outputs(outputs, 1, "yolox")
    output = outputs[0]
    centers, strides = _grid(input.height, input.width, spec.strides)
    if output.ndim != 3 or output.shape[0] != 1 or output.shape[2] < 6:
        raise ModelOutputError(
            f"the yolox head reads [1, cells, 5 + classes], the model gives {list(output.shape)}"
        )
    if output.shape[1] != len(strides):
        raise ModelOutputError(
            f"the yolox head needs {len(strides)} cells for an input of {input.width}x"
            f"{input.height} (width x height) at strides {spec.strides}, the model gives "
            f"{output.shape[1]}; check `strides` and the input size"
        )

    # Most cells see nothing, and a score is never above its objectness: those go first.
    cells = np.flatnonzero(output[0, :, 4] >= thresholds.confidence)
    rows = output[0, cells]
    class_ids = rows[:, 5:].argmax(1)
    scores = rows[:, 4] * rows[np.arange(len(rows)), 5 + class_ids]
    strong = np.flatnonzero(scores >= thresholds.confidence)
    if strong.size == 0:
        return empty()
    cells, rows, scores, class_ids = cells[strong], rows[strong], scores[strong], class_ids[strong]

    stride = strides[cells, None]
    center = (rows[:, 0:2] + centers[cells]) * stride
    side = np.exp(np.minimum(rows[:, 2:4], _LARGEST_LOG_SIDE)) * stride
    boxes = cxcywh_to_xyxy(np.concatenate([center, side], axis=1).astype(np.float32, copy=False))
    kept = nms(boxes, scores, class_ids, thresholds.nms_iou, thresholds.max_detections)
    # Rounding in a quantized graph may take a probability a hair above 1.
    return boxes[kept], np.minimum(scores[kept], 1.0).astype(np.float32), class_ids[kept]


@lru_cache(maxsize=8)
def _grid(
    height: int, width: int, strides: tuple[int, ...]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return each cell's column and row [cells, 2], and its stride [cells]."""
    centers, cell_strides = [], []
    for stride in strides:
        rows, columns = np.mgrid[0 : height // stride, 0 : width // stride]
        centers.append(np.stack([columns.ravel(), rows.ravel()], axis=1))
        cell_strides.append(np.full(rows.size, stride))
    return np.concatenate(centers).astype(np.float32), np.concatenate(cell_strides).astype(
        np.float32
    )
