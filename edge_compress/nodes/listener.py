"""Listens to what nodes say of themselves on /diagnostics."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy

from edge_compress.errors import EdgeCompressError
from edge_compress.operators.status import Status
from edge_compress.telemetry.levels import Level

_TOPIC = "/diagnostics"
# Hears those who offer best effort, too, and a weak network is not made weaker by sending reports
# again: the next one is there in a second. Deep, since a fleet may report all at once.
_QOS = QoSProfile(depth=200, reliability=ReliabilityPolicy.BEST_EFFORT)
# Python sees Ctrl-C only between two waits.
_WAIT_S = 0.1


class ListenError(EdgeCompressError):
    """ROS 2 is there but lets no node be made."""


def subscribe(node: Node, on_report: Callable[[Sequence[Status]], None]) -> None:
    """Subscribe a node to /diagnostics.

    Args:
        node: the subscriber.
        on_report: called with the statuses of each message.
    """

    def hand_on(message: DiagnosticArray) -> None:
        on_report([_status(one) for one in message.status])

    node.create_subscription(DiagnosticArray, _TOPIC, hand_on, _QOS)


def reporters(node: Node) -> Mapping[str, int]:
    """Return how many publishers of /diagnostics there are by full name of their node.

    Args:
        node: that looks; the names have no leading slash.
    """
    found = node.get_publishers_info_by_topic(_TOPIC)
    return Counter(f"{p.node_namespace}/{p.node_name}".strip("/") for p in found)


class Listener(Node):
    """Hands on each report as statuses that are free of ROS."""

    def __init__(
        self,
        name: str,
        context: Context,
        on_report: Callable[[Sequence[Status]], None],
        *,
        hidden: bool = False,
    ) -> None:
        """Subscribe to /diagnostics.

        Args:
            name: of the node.
            context: initialized.
            on_report: called with the statuses of one message.
            hidden: no parameters of the command line, no log topic and no parameter services: for a
                command that looks at others.
        """
        super().__init__(
            name,
            context=context,
            use_global_arguments=not hidden,
            enable_rosout=not hidden,
            start_parameter_services=not hidden,
        )
        self._executor = SingleThreadedExecutor(context=context)
        self._executor.add_node(self)
        subscribe(self, on_report)

    def listen(self, seconds: float) -> None:
        """Take in one message, if one comes in time."""
        self._executor.spin_once(timeout_sec=seconds)

    def listen_for(self, seconds: float) -> None:
        """Take in all that comes in this time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.listen(min(left, _WAIT_S))

    def reporters(self) -> Mapping[str, int]:
        """Return how many publishers of /diagnostics there are by full name of their node."""
        return reporters(self)

    def close(self) -> None:
        """Free what rclpy holds."""
        self._executor.shutdown()
        self.destroy_node()


@contextmanager
def listening(name: str, on_report: Callable[[Sequence[Status]], None]) -> Iterator[Listener]:
    """Listen from a node that nobody needs to notice, in a context of its own.

    Args:
        name: of the node.
        on_report: called with the statuses of each message.

    Raises:
        ListenError: no node can be made.
    """
    context = Context()
    try:
        rclpy.init(args=[], context=context)
        listener = Listener(name, context, on_report, hidden=True)
    except Exception as error:  # rcl raises what it likes, by middleware
        why = " ".join(str(error).split())
        raise ListenError(f"no node can be made: {why}; see: edge_compress doctor") from error
    try:
        yield listener
    finally:
        listener.close()
        rclpy.try_shutdown(context=context)


def _status(one: DiagnosticStatus) -> Status:
    number = int.from_bytes(one.level, "big")
    return Status(
        # What is no level is not to be trusted.
        level=Level(number) if number in set(Level) else Level.ERROR,
        message=one.message,
        values={pair.key: pair.value for pair in one.values},
        name=one.name,
        hardware_id=one.hardware_id,
    )
