"""Reads the boxes of vision_msgs in both generations of its fields."""

from __future__ import annotations

from typing import Any


def centre(box: Any) -> tuple[float, float, float]:
    """Return x and y in pixels, and the rotation in radians, of a BoundingBox2D's centre.

    Before vision_msgs 4.0 the centre was a geometry_msgs/Pose2D, without a `position`.
    """
    point = getattr(box.center, "position", box.center)
    return float(point.x), float(point.y), float(box.center.theta)
