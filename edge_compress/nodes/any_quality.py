"""A subscription that takes what its publishers offer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy

from edge_compress.nodes import qos

_DEPTH = 100  # what comes while a report is written


class AnyQuality:
    """Asks reliable, so that nothing is lost, and best effort where a publisher offers no more."""

    def __init__(
        self, node: Node, message_type: type[Any], topic: str, callback: Callable[[Any], None]
    ) -> None:
        """Subscribe.

        Args:
            node: the subscriber.
            message_type: of the topic.
            topic: relative name.
            callback: called with each message.
        """
        self._node = node
        self._type = message_type
        self._callback = callback
        self.name = node.resolve_topic_name(topic)
        self._quality = QoSProfile(depth=_DEPTH, reliability=ReliabilityPolicy.RELIABLE)
        self._subscription = self._subscribe()

    @property
    def publishers(self) -> int:
        """How many publish the topic."""
        return self._node.count_publishers(self.name)

    def look(self) -> None:
        """See what is offered; call this now and then."""
        if self._quality.reliability is ReliabilityPolicy.BEST_EFFORT or qos.all_match(
            self._node, self.name, self._quality
        ):
            return
        self._node.get_logger().info(f"{self.name} is offered as best effort, and so it is taken")
        self._node.destroy_subscription(self._subscription)
        self._quality = QoSProfile(depth=_DEPTH, reliability=ReliabilityPolicy.BEST_EFFORT)
        self._subscription = self._subscribe()

    def _subscribe(self) -> Any:
        return self._node.create_subscription(self._type, self.name, self._callback, self._quality)
