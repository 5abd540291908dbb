"""Builds diagnostic messages whose values are bare numbers with the unit in the key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node

from edge_compress.nodes.distributions import steady_clock
from edge_compress.telemetry.levels import Level, Verdict, worst

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR

Values: TypeAlias = Mapping[str, float | int | str | None]


def status(task: str, level: bytes, message: str, values: Values) -> DiagnosticStatus:
    """Build the status of one task; a value of None is left out, since it is not known."""
    pairs = [
        KeyValue(key=key, value=_text(value)) for key, value in values.items() if value is not None
    ]
    return DiagnosticStatus(name=task, level=level, message=message, values=pairs)


def judged(
    task: str, level: bytes, message: str, values: Values, verdicts: Iterable[Verdict]
) -> DiagnosticStatus:
    """Build the status of one task whose level is the worst of its own and those of verdicts.

    Args:
        task: name of the status.
        level: that the caller found by itself.
        message: that goes with it; when all is well, verdicts are silent.
        values: as for `status`.
        verdicts: by thresholds; what they complain of is said first.
    """
    bad = [verdict for verdict in verdicts if verdict.level is not Level.OK]
    parts = [verdict.message for verdict in bad]
    if level != OK or not bad:
        parts.append(message)
    own = Level(int.from_bytes(level, "big"))
    return status(task, bytes([worst([own, *(v.level for v in bad)])]), "; ".join(parts), values)


class Reporter:
    """Publishes a node's statuses on /diagnostics, named ``node: task`` (REP-107)."""

    def __init__(self, node: Node, period_s: float, report: Callable[[], None]) -> None:
        """Create the publisher, and call `report` every `period_s` seconds.

        Seconds of the wall: an operator wants to know how a node does in a simulation that is
        paused, too.
        """
        self._node = node
        self._name = node.get_fully_qualified_name().lstrip("/")
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", 10)
        node.create_timer(period_s, report, clock=steady_clock())

    def publish(self, *statuses: DiagnosticStatus) -> None:
        """Publish what `status` built."""
        message = DiagnosticArray()
        message.header.stamp = self._node.get_clock().now().to_msg()
        for one in statuses:
            one.name = f"{self._name}: {one.name}"
            one.hardware_id = self._name
            message.status.append(one)
        self._publisher.publish(message)


def _text(value: float | str) -> str:
    # Plotting tools take plain decimals; 1e-05 and long tails help nobody.
    return f"{value:.3f}" if isinstance(value, float) else str(value)
