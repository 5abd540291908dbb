"""What may be changed between two frames of a running detector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edge_compress.nodes.parameters import ParameterError
from edge_compress.vision.detections import Detections
from edge_compress.vision.region import Region
from edge_compress.vision.thresholds import Thresholds


@dataclass(frozen=True)
class FrameSettings:
    """How each frame is worked on.

    Attributes:
        thresholds: what is kept of what the network finds.
        classes: names of the classes that are published; empty for all.
        region: the part of the frame that is looked at; None for all of it.
        deadline_ms: a frame older than this, when its turn comes, is dropped; 0 for none.
        max_rate: frames per second of each camera that are taken; 0 for all.
        tracking: boxes get an identity over frames.
    """

    thresholds: Thresholds = field(default_factory=Thresholds)
    classes: tuple[str, ...] = ()
    region: Region | None = None
    deadline_ms: float = 0.0
    max_rate: float = 0.0
    tracking: bool = False

    @classmethod
    def of(cls, get: Callable[[str], Any]) -> FrameSettings:
        """Read them from the node's parameters.

        Raises:
            ParameterError: `roi` is no rectangle.
            RegionError: it has no pixels, or begins outside of every frame.
        """
        roi = get("roi")
        if len(roi) not in (0, 4):
            raise ParameterError(
                f"`roi` must be x, y, width, height in pixels, or empty; got {roi}"
            )
        return cls(
            thresholds=Thresholds(
                confidence=float(get("confidence_threshold")),
                nms_iou=float(get("nms_threshold")),
                max_detections=get("max_detections"),
            ),
            classes=tuple(get("classes")),
            region=Region(*roi) if roi else None,
            deadline_ms=float(get("deadline_ms")),
            max_rate=float(get("max_rate")),
            tracking=bool(get("tracking")),
        )

    def check(self, labels: tuple[str, ...]) -> None:
        """See that the model knows the classes.

        Raises:
            ParameterError: naming those that it does not know, and all that it knows.
        """
        unknown = [name for name in self.classes if name not in labels]
        if unknown:
            raise ParameterError(
                f"`classes`: the model knows no {', '.join(unknown)}; it knows {', '.join(labels)}"
            )

    def chosen(self, detections: Detections) -> Detections:
        """Leave out the classes that are not wanted."""
        if not self.classes:
            return detections
        wanted = [n for n, name in enumerate(detections.labels) if name in self.classes]
        keep = np.isin(detections.class_ids, wanted)
        return Detections(
            detections.boxes[keep],
            detections.scores[keep],
            detections.class_ids[keep],
            detections.labels,
        )
