"""What a detector says of itself on /diagnostics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_TASKS = ("frames", "latency", "load")
# Of those tasks, what belongs beside a score. docs/diagnostics.md has all of them.
_KEYS = ("stamp_to_publish_", "infer_p", "dropped_", "power_total_w", "energy_per_inference_")


def detector_values(
    message: Any, of: Callable[[str], bool], detections: str
) -> Mapping[str, float]:
    """Read the values of a diagnostic_msgs/DiagnosticArray that belong beside a score.

    Args:
        message: as rclpy or rosbags gives it.
        of: whether a node is that detector, by its full name without the first slash.
        detections: their topic, which tells the camera where a detector serves several; of a topic
            that has another name only what is of no camera is read.
    """
    ours = []
    for status in message.status:
        node, _, task = status.name.rpartition(": ")
        if of(node):
            # With several cameras a task is CAMERA/frames.
            camera, _, task = task.rpartition("/")
            ours.append((status, camera, task, f"/{node}".rpartition("/")[0]))
    several = len({camera for _, camera, _, _ in ours} - {""}) > 1
    found = {}
    for status, camera, task, namespace in ours:
        other = several and camera and detections != f"{namespace}/{camera}/detections"
        if other or task not in _TASKS:
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
