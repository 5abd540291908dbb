"""What a model sees in the bundle's parity sample, and whether that is what it should see.

The same file on another provider differs by the rounding of its kernels. YOLOX-Nano in INT8, as
ONNX Runtime computes it and as its float simulation does, gives the same sure objects in a crowd,
one of 60 excepted, and boxes that overlap by 0.90 and more on average. An engine that is broken
(another layout, zeros, saturated sums, shifted boxes) loses objects, invents some, or moves all
boxes: those overlap by 0.73 and less when they are 4 of 416 pixels off. The limits lie between.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_compress.bundle.schema import ClassifierHead, Head, InputSpec, SampleObject
from edge_compress.inference.sealed_file import ModelSource
from edge_compress.inference.session import ProviderError, Session
from edge_compress.vision import heads
from edge_compress.vision.boxes import iou_matrix
from edge_compress.vision.image import ImageError
from edge_compress.vision.preprocess import preprocess
from edge_compress.vision.thresholds import Thresholds

SURE = 0.4  # an object with this score is asked for
_SCORE = 0.15  # from here on objects are written down: what a sure one may have become
_SCORE_SLACK = 0.2
_TOP_CLASSES = 5
_IOU = 0.5  # of an object with what is found in its place
_MEAN_IOU = 0.8  # of all of them: what shifts each box a little
_GROWN = 2.0  # pixels that each side is moved out: one of them is rounding, whatever the size
_LOST = 0.2  # of the sure objects at most; in a crowd NMS may choose another box


class SampleError(ProviderError):
    """A provider lets a model see something else than on the workstation."""


def read_sample(path: ModelSource) -> NDArray[np.uint8]:
    """Read the frame of a sample, uint8 [height, width, 3], BGR.

    Raises:
        ImageError: it is no picture.
        ModelError: it is another file than when its bundle was opened.
    """
    image: Any = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise ImageError(f"{path}: is no picture that OpenCV can read")
    return np.asarray(image, np.uint8)


def see(
    session: Session, spec: InputSpec, head: Head, image: NDArray[np.uint8]
) -> tuple[SampleObject, ...]:
    """Return what a model sees in a sample, the faint included, best first.

    Raises:
        ImageError: `image` is no BGR uint8 [height, width, 3] frame.
        ModelOutputError: the outputs do not fit the head, or are not finite.
        ProviderError: the provider failed.
    """
    tensor, geometry = preprocess(image, spec)
    thresholds = Thresholds(confidence=_SCORE)
    if isinstance(head, ClassifierHead):
        head = head.model_copy(update={"top_k": _TOP_CLASSES})
        thresholds = Thresholds(confidence=0.0)
    outputs = session.run(tensor)
    boxes, scores, class_ids = heads.decode(outputs, head, session.output_names, spec, thresholds)
    places = geometry.to_source(boxes)
    return tuple(
        SampleObject(
            box=(round(x1, 2), round(y1, 2), round(x2, 2), round(y2, 2)),
            score=round(min(max(score, 0.0), 1.0), 4),
            class_id=class_id,
        )
        for (x1, y1, x2, y2), score, class_id in zip(
            places.tolist(), scores.tolist(), class_ids.tolist(), strict=True
        )
    )


def check_seen(wanted: Sequence[SampleObject], found: Sequence[SampleObject], head: Head) -> None:
    """Compare what is seen here with what was seen on the workstation.

    A detector must find 8 in 10 of the sure objects (score from 0.4 on), of the same class, with
    an IoU of 0.5 each and of 0.8 on average, and scores that are 0.2 apart at most; and it must not
    be sure of more than a few others. A classifier must give each class the same probability
    within 0.2.

    Args:
        wanted: as the bundle has it.
        found: as `see` returns it.
        head: of the model.

    Raises:
        SampleError: with what differs.
    """
    if isinstance(head, ClassifierHead):
        _check_classes(wanted, found)
    else:
        _check_objects(wanted, found)


def _check_classes(wanted: Sequence[SampleObject], found: Sequence[SampleObject]) -> None:
    here = {seen.class_id: seen.score for seen in found}
    there = {seen.class_id: seen.score for seen in wanted}
    # A class that is not among the best of one side is at most as likely as the last of them.
    for class_id in {**there, **here}:
        score = here.get(class_id, min(here.values(), default=0.0))
        expected = there.get(class_id, min(there.values(), default=0.0))
        if abs(score - expected) > _SCORE_SLACK:
            raise SampleError(
                f"class {class_id} of the bundle's sample has a probability of {score:.2f} here "
                f"and of {expected:.2f} where the bundle was made"
            )


def _check_objects(wanted: Sequence[SampleObject], found: Sequence[SampleObject]) -> None:
    lost, overlaps = _unmatched(wanted, found)
    invented, _ = _unmatched(found, wanted)
    sure = max(_count(wanted), _count(found))
    if max(lost, invented) > _LOST * sure:
        raise SampleError(
            f"{lost} of {_count(wanted)} objects of the bundle's sample are not seen here, and "
            f"{invented} of the {_count(found)} that are seen are not there"
        )
    if overlaps and float(np.mean(overlaps)) < _MEAN_IOU:
        raise SampleError(
            f"the boxes of the bundle's sample are elsewhere here: they overlap by "
            f"{np.mean(overlaps):.2f} on average"
        )


def _count(objects: Sequence[SampleObject]) -> int:
    return sum(seen.score >= SURE for seen in objects)


def _unmatched(
    wanted: Sequence[SampleObject], found: Sequence[SampleObject]
) -> tuple[int, list[float]]:
    """How many sure ones of `wanted` are not in `found`, and how well the others overlap."""
    iou = iou_matrix(_boxes(wanted), _boxes(found))
    missing, overlaps = 0, []
    for row, one in enumerate(wanted):
        if one.score < SURE:
            continue
        best = max(
            (
                float(iou[row, column])
                for column, other in enumerate(found)
                if other.class_id == one.class_id and abs(other.score - one.score) <= _SCORE_SLACK
            ),
            default=0.0,
        )
        if best < _IOU:
            missing += 1
        else:
            overlaps.append(best)
    return missing, overlaps


def _boxes(objects: Sequence[SampleObject]) -> NDArray[np.float32]:
    boxes = np.asarray([seen.box for seen in objects], np.float32).reshape(-1, 4)
    return boxes + np.float32(_GROWN) * np.asarray([-1, -1, 1, 1], np.float32)
