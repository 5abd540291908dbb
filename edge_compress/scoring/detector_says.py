"""What a detector says of itself on /diagnostics."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

_TASKS = ("frames", "latency", "load")
# Of those tasks, what belongs beside a score. docs/diagnostics.md has all of them.
_KEYS = ("stamp_to_publish_", "infer_p", "dropped_", "power_total_w", "energy_per_inference_")


def detector_values(
    message: Any, of: Callable[[str, Collection[str]], bool], detections: str
) -> Mapping[str, float]:
    """Read the values of a diagnostic_msgs/DiagnosticArray that belong beside a score.

    Args:
        message: as rclpy or rosbags gives it.
        of: whether a node is that detector, by its full name without the first slash, and the
            topics of its detections where it serves several cameras.
        detections: their topic, which tells the camera where a detector serves several; of a topic
            that has another name only what is of no camera is read.
    """
    tasks = defaultdict(list)
    for status in message.status:
        node, _, task = status.name.rpartition(": ")
        # With several cameras a task is CAMERA/frames.
        camera, _, task = task.rpartition("/")
        tasks[node].append((camera, task, status.values))
    found: dict[str, float] = {}
    for node, told in tasks.items():
        namespace = f"/{node}".rpartition("/")[0]
        cameras = {camera for camera, _, _ in told} - {""}
        topics = {f"{namespace}/{camera}/detections": camera for camera in cameras}
        if not of(node, topics):
            continue
        others = cameras - {topics.get(detections)} if len(cameras) > 1 else set()
        for camera, task, pairs in told:
            if task in _TASKS and camera not in others:
                found.update(_numbers(pairs))
    return found


def _numbers(pairs: Iterable[Any]) -> Iterator[tuple[str, float]]:
    for pair in pairs:
        if pair.key.startswith(_KEYS):
            try:
                yield pair.key, float(pair.value)
            except ValueError:  # unknown
                continue
