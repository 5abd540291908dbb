"""What a detector says of itself on /diagnostics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TASKS = ("frames", "latency", "load")
# Of those tasks, what belongs beside a score. docs/diagnostics.md has all of them.
_KEYS = ("stamp_to_publish_", "infer_p", "dropped_", "power_total_w", "energy_per_inference_")


def detector_values(message: Any, detector: str = "") -> Mapping[str, float]:
    """Read the values of a diagnostic_msgs/DiagnosticArray that belong beside a score.

    Args:
        message: as rclpy or rosbags gives it.
        detector: name of the node, without the first slash; "" for any that has a detector's
            statuses.
    """
    found = {}
    for status in message.status:
        node, _, task = status.name.rpartition(": ")
        # With several cameras a task is CAMERA/frames.
        if task.rpartition("/")[2] not in _TASKS or (detector and node != detector):
            continue
        for pair in status.values:
            if pair.key.startswith(_KEYS):
                number = _number(pair.value)
                if number is not None:
                    found[pair.key] = number
    return found


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
