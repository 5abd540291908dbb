"""Models that end with their own NMS, such as torchvision's detectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_compress.bundle.schema import InputSpec, NmsInGraphHead
from edge_compress.vision.heads.outputs import Decoded, ModelOutputError
from edge_compress.vision.thresholds import Thresholds


def pick(
    outputs: Sequence[NDArray[Any]], names: Sequence[str], spec: NmsInGraphHead
) -> list[NDArray[Any]]:
    """Order a model's outputs as boxes, scores, labels, by the names in `spec`.

    Raises:
        ModelOutputError: the model has no output of such a name.
    """
    by_name = dict(zip(names, outputs, strict=True))
    for wanted in (spec.boxes, spec.scores, spec.labels):
        if wanted not in by_name:
            raise ModelOutputError(
                f"the model has no output {wanted!r} for the nms-in-graph head, only {list(names)}"
            )
    return [by_name[spec.boxes], by_name[spec.scores], by_name[spec.labels]]


def decode(
    outputs: Sequence[NDArray[Any]],
    spec: NmsInGraphHead,
    input: InputSpec,
    thresholds: Thresholds,
) -> Decoded:
    """Read boxes [n, 4] xyxy, scores [n] and labels [n], each with or without a batch of 1.

    Returns:
        Boxes float32 [n, 4] xyxy in network pixels, scores float32 [n], class ids int64 [n].

    Raises:
        ModelOutputError: other shapes.
    """
    boxes, scores, labels = outputs
    if boxes.ndim == 3 and boxes.shape[0] == 1:
        boxes = boxes[0]
    if scores.ndim == 2 and scores.shape[0] == 1:
        scores = scores[0]
    if labels.ndim == 2 and labels.shape[0] == 1:
        labels = labels[0]
    count = boxes.shape[0]
    if boxes.shape != (count, 4) or scores.shape != (count,) or labels.shape != (count,):
        raise ModelOutputError(
            "the nms-in-graph head reads boxes [n, 4], scores [n] and labels [n]; the model gives "
            f"{list(boxes.shape)}, {list(scores.shape)} and {list(labels.shape)}"
        )

    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] >= thresholds.confidence][: thresholds.max_detections]
    found = boxes[order].astype(np.float32)
    if spec.normalized:
        size = (input.width, input.height, input.width, input.height)
        found *= np.asarray(size, np.float32)
    return (
        found,
        np.minimum(scores[order], 1.0).astype(np.float32),
        labels[order].astype(np.int64),
    )
