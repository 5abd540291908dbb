"""What a detector saw as messages of vision_msgs for a bag, the same that the node publishes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edge_compress.vision.detections import Detections

DETECTIONS = "vision_msgs/msg/Detection2DArray"
CLASSIFICATION = "vision_msgs/msg/Classification"
LABEL_INFO = "vision_msgs/msg/LabelInfo"


class ResultMessages:
    """Builds messages out of the classes of a `BagWriter`."""

    def __init__(self, types: Mapping[str, Any]) -> None:
        """Take the classes.

        Args:
            types: `BagWriter.types`.
        """

        def of(package: str, name: str) -> Any:
            return types[f"{package}/msg/{name}"]

        self._array = types[DETECTIONS]
        self._element = of("vision_msgs", "Detection2D")
        self._hypothesis = of("vision_msgs", "ObjectHypothesis")
        self._with_pose = of("vision_msgs", "ObjectHypothesisWithPose")
        self._box = of("vision_msgs", "BoundingBox2D")
        self._pose_2d = of("vision_msgs", "Pose2D")
        self._point_2d = of("vision_msgs", "Point2D")
        self._classification = types[CLASSIFICATION]
        self._label_info = types[LABEL_INFO]
        self._class = of("vision_msgs", "VisionClass")
        self._header = of("std_msgs", "Header")
        self._time = of("builtin_interfaces", "Time")
        pose = of("geometry_msgs", "Pose")(
            of("geometry_msgs", "Point")(0.0, 0.0, 0.0),
            of("geometry_msgs", "Quaternion")(0.0, 0.0, 0.0, 1.0),
        )
        self._nowhere = of("geometry_msgs", "PoseWithCovariance")(pose, np.zeros(36))

    def detections(self, seen: Detections, header: Any) -> Any:
        """Return a Detection2DArray: centre and size of each box in source pixels.

        Args:
            seen: in one frame.
            header: of that frame; the array and each of its elements carry it.
        """
        elements = []
        for detection in seen:
            x1, y1, x2, y2 = detection.box.tolist()
            centre = self._pose_2d(self._point_2d((x1 + x2) / 2, (y1 + y2) / 2), 0.0)
            hypothesis = self._hypothesis(detection.name, detection.score)
            elements.append(
                self._element(
                    header,
                    [self._with_pose(hypothesis, self._nowhere)],
                    self._box(centre, x2 - x1, y2 - y1),
                    "",
                )
            )
        return self._array(header, elements)

    def classification(self, seen: Detections, header: Any) -> Any:
        """Return a classifier's result, best class first."""
        return self._classification(
            header, [self._hypothesis(found.name, found.score) for found in seen]
        )

    def label_info(self, labels: Sequence[str], threshold: float, stamp_ns: int) -> Any:
        """Return the list of a model's classes."""
        stamp = self._time(*divmod(stamp_ns, 1_000_000_000))
        classes = [self._class(number, label) for number, label in enumerate(labels)]
        return self._label_info(self._header(stamp, ""), classes, threshold)
