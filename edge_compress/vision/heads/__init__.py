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
from edge_compress.vision.heads.outputs import (
    Decoded,
    ModelOutputError,
    NotFiniteError,
    check_finite,
)
from edge_compress.vision.thresholds import Thresholds

__all__ = ["Decoded", "ModelOutputError", "NotFiniteError", "check", "decode"]

# How many outputs a head reads; one that has its outputs by name reads those.
_READ = {"ssd": 2, "detr": 2}


def decode(
    outputs: Sequence[NDArray[Any]],
    head: Head,
    names: Sequence[str],
    input: InputSpec,
    thresholds: Thresholds,
    *,
    checked: bool = False,
) -> Decoded:
    """Read a model's raw outputs with the head that its bundle names.

    Args:
        outputs: as the session gave them.
        head: which head, with its parameters.
        names: the name of each output.
        input: the network's input; boxes are in its pixels.
        thresholds: what to keep.
        checked: `check` has seen them already.

    Returns:
        Boxes float32 [n, 4] xyxy in network pixels, scores float32 [n] and class ids int64 [n],
        best score first.

    Raises:
        ModelOutputError: the outputs do not fit the head, or are not finite.
    """
    if not checked:
        check(outputs, head, names)
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


def check(
    outputs: Sequence[NDArray[Any]], head: Head, names: Sequence[str], batch: int = 1
) -> None:
    """Refuse outputs of which the head would read NaN or infinity, or another number of frames.

    Args:
        outputs: as the session gave them.
        head: which head, with its parameters.
        names: the name of each output.
        batch: frames that the model was given.

    Raises:
        NotFiniteError: with how many values are not finite.
        ModelOutputError: with another number of frames; or the model has no output of a name that
            the head reads.
    """
    if isinstance(head, NmsInGraphHead):
        outputs = nms_in_graph.pick(outputs, names, head)
    else:
        outputs = outputs[: _READ.get(head.kind, 1)]
    for output in outputs:
        if not isinstance(head, NmsInGraphHead) and output.shape[:1] != (batch,):
            raise ModelOutputError(
                f"the {head.kind} head reads [{batch}, …] of {batch} frame(s), the model gives "
                f"{list(output.shape)}"
            )
        check_finite(output, head.kind)
