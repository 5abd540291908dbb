"""Detections as vision_msgs/Detection2DArray, in the form that is published fastest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rclpy.serialization import deserialize_message
from std_msgs.msg import Header
from vision_msgs.msg import (
    BoundingBox2D,
    Detection2D,
    Detection2DArray,
    ObjectHypothesis,
    ObjectHypothesisWithPose,
    Point2D,
    Pose2D,
)

from edge_compress.nodes.cdr_detections import serialize_detections
from edge_compress.vision.detections import Detection, Detections


class DetectionMessages:
    """Turns detections into what a publisher takes.

    Attributes:
        serialized: they are serialized here; if not, rclpy does so, since the vision_msgs of this
            machine have other fields than those from Humble to Kilted.
    """

    def __init__(self) -> None:
        """Try which form will do."""
        known = Detections(
            np.array([[1, 2, 4, 8], [3, 5, 9, 7]], np.float32),
            np.array([0.75, 0.5], np.float32),
            np.array([1, 0]),
            ("car", "person"),
        )
        header = Header(frame_id="camera")
        written = serialize_detections(known, header, ("7", ""))
        try:
            read = deserialize_message(written, Detection2DArray)
        except RuntimeError:  # it ends before the last field
            read = None
        self.serialized = read == detection_array(known, header, ("7", ""))

    def __call__(
        self, detections: Detections, header: Header, ids: Sequence[str] = ()
    ) -> bytes | Detection2DArray:
        """Return the array, serialized or not; the arguments are those of both functions."""
        if self.serialized:
            return serialize_detections(detections, header, ids)
        return detection_array(detections, header, ids)


def detection_array(
    detections: Detections, header: Header, ids: Sequence[str] = ()
) -> Detection2DArray:
    """Build the array; the arguments are those of `serialize_detections`."""
    ids = ids or ("",) * len(detections)
    return Detection2DArray(
        header=header,
        detections=[
            Detection2D(header=header, results=[_result(detection)], bbox=_box(detection), id=track)
            for detection, track in zip(detections, ids, strict=True)
        ],
    )


def _result(detection: Detection) -> ObjectHypothesisWithPose:
    return ObjectHypothesisWithPose(
        hypothesis=ObjectHypothesis(class_id=detection.name, score=detection.score)
    )


def _box(detection: Detection) -> BoundingBox2D:
    x1, y1, x2, y2 = detection.box.tolist()
    centre = Pose2D(position=Point2D(x=(x1 + x2) / 2, y=(y1 + y2) / 2))
    return BoundingBox2D(center=centre, size_x=x2 - x1, size_y=y2 - y1)
