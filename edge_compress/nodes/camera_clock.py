"""/clock in the time of a recording, as `ros2 bag play --clock` publishes it."""

from __future__ import annotations

from rclpy.clock import Clock as RosClock
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock

from edge_compress.nodes.messages import time_message

_RATE_HZ = 40.0  # as the player of ROS
_QOS = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)  # as rclcpp's ClockQoS


class RecordedClock:
    """Publishes the time of each frame before the frame, and goes on between two frames."""

    def __init__(self, node: Node, steady: RosClock) -> None:
        """Start publishing with the first frame.

        Args:
            node: that plays.
            steady: the clock that it plays by.
        """
        self._publisher = node.create_publisher(Clock, "/clock", _QOS)
        self._steady = steady
        self._time_ns = self._since_ns = self._until_ns = 0
        node.create_timer(1 / _RATE_HZ, self._go_on, clock=steady)

    def at(self, time_ns: int) -> None:
        """Say that it is a frame's time."""
        self._time_ns = self._until_ns = time_ns
        self._since_ns = self._steady.now().nanoseconds
        self._publish(time_ns)

    def until(self, time_ns: int) -> None:
        """Let time go on up to the next frame's."""
        self._until_ns = time_ns

    def _go_on(self) -> None:
        passed_ns = self._steady.now().nanoseconds - self._since_ns
        if self._time_ns < self._until_ns:
            self._publish(min(self._time_ns + passed_ns, self._until_ns))

    def _publish(self, time_ns: int) -> None:
        self._publisher.publish(Clock(clock=time_message(time_ns)))
