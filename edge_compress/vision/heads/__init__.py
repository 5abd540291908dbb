"""Output heads: from a model's raw outputs to boxes, one head a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from edge_compress.bundle.schema import (
    ClassifierHead,
    DetrHead,
    Head,
    InputSpec,
    NmsInGraphHead,
    SsdHead,
    Yolov8Head,
    YoloxHead,
)
from edge_compress.vision.heads import classifier, detr, nms_in_graph, ssd, yolov8, yolox
from edge_compress.vision.heads.outputs import Decoded, ModelOutputError
from edge_compress.vision.thresholds import Thresholds

__all__ = ["Decoded", "ModelOutputError", "decode"]


def decode(
    outputs: Sequence[NDArray[Any]],
    head: Head,
    names: Sequence[str],
    input: InputSpec,
    thresholds: Thresholds,
) -> Decoded:
    """Read a model's raw outputs with the head that its bundle names.

    Args:
        outputs: as the session gave them.
        head: which head, with its parameters.
        names: the name of each output.
        input: the network's input; boxes are in its pixels.
        thresholds: what to keep.

    Returns:
        Boxes float32 [n, 4] xyxy in network pixels, scores float32 [n] and class ids int64 [n],
        best score first.

    Raises:
        ModelOutputError: the outputs do not fit the head, or are not finite.
    """
    if isinstance(head, YoloxHead):
        return yolox.decode(outputs, head, input, thresholds)
    if isinstance(head, Yolov8Head):
        return yolov8.decode(outputs, head, input, thresholds)
    if isinstance(head, SsdHead):
        return ssd.decode(outputs, head, input, thresholds)
    if isinstance(head, DetrHead):
        return detr.decode(outputs, head, input, thresholds)
    if isinstance(head, NmsInGraphHead):
        picked = nms_in_graph.pick(outputs, names, head)
        return nms_in_graph.decode(picked, head, input, thresholds)
    if isinstance(head, ClassifierHead):
        return classifier.decode(outputs, head, input, thresholds)
    raise ModelOutputError(f"no head is called {head!r}")
