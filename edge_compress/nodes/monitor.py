"""What the demo watches: every status, and what the detector sees."""

from __future__ import annotations

from collections.abc import Sequence

from rclpy.context import Context
from vision_msgs.msg import Detection2DArray

from edge_compress.nodes.listener import Listener
from edge_compress.operators.status import Status


class Monitor(Listener):
    """Keeps the newest status of every task, and counts what the detector sees."""

    def __init__(self, context: Context) -> None:
        """Subscribe to /diagnostics and detections."""
        self._statuses: dict[str, Status] = {}
        self.seen: dict[str, int] = {}
        super().__init__("monitor", context, self._on_report)
        self.create_subscription(Detection2DArray, "detections", self._on_detections, 10)

    def status(self, name: str) -> Status:
        """The newest status called `name`, such as ``detector: frames``; empty before the first."""
        return self._statuses.get(name, Status())

    def _on_report(self, statuses: Sequence[Status]) -> None:
        for status in statuses:
            self._statuses[status.name] = status

    def _on_detections(self, message: Detection2DArray) -> None:
        """Count the objects of the newest frame by class."""
        self.seen = {}
        for detection in message.detections:
            name = detection.results[0].hypothesis.class_id
            self.seen[name] = self.seen.get(name, 0) + 1
