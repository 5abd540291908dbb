"""Listens to what nodes say of themselves on /diagnostics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from vision_msgs.msg import Detection2DArray

from edge_compress.nodes.diagnostics import ERROR


@dataclass(frozen=True)
class Status:
    """The newest status of one task of a node.

    Attributes:
        failed: the node says ERROR.
        message: what the node says.
        values: its figures by name, the unit in the name; text where it is not a number.
    """

    failed: bool = False
    message: str = ""
    values: Mapping[str, str] = field(default_factory=dict)

    def number(self, key: str) -> float | None:
        """A figure, or None where the node does not know it."""
        try:
            return float(self.values[key])
        except (KeyError, ValueError):
            return None


class Monitor(Node):
    """Keeps the newest status of every task, and counts what the detector sees."""

    def __init__(self, context: Context) -> None:
        """Subscribe to /diagnostics and detections."""
        super().__init__("monitor", context=context)
        self._executor = SingleThreadedExecutor(context=context)
        self._executor.add_node(self)
        self._statuses: dict[str, Status] = {}
        self.seen: dict[str, int] = {}
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, 10)
        self.create_subscription(Detection2DArray, "detections", self._on_detections, 10)

    def status(self, name: str) -> Status:
        """The newest status called `name`, such as ``detector: frames``; empty before the first."""
        return self._statuses.get(name, Status())

    def listen(self, seconds: float) -> None:
        """Take in one message, if one comes in time."""
        self._executor.spin_once(timeout_sec=seconds)

    def close(self) -> None:
        """Free what rclpy holds."""
        self._executor.shutdown()
        self.destroy_node()

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for one in message.status:
            values = {pair.key: pair.value for pair in one.values}
            self._statuses[one.name] = Status(one.level == ERROR, one.message, values)

    def _on_detections(self, message: Detection2DArray) -> None:
        """Count the objects of the newest frame by class."""
        self.seen = {}
        for detection in message.detections:
            name = detection.results[0].hypothesis.class_id
            self.seen[name] = self.seen.get(name, 0) + 1
