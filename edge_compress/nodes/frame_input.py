"""The detector's input: a subscription that counts all that it does not get."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image

from edge_compress.nodes import distributions, qos
from edge_compress.nodes.raw_images import (
    RawCompressedImage,
    RawImage,
    read_compressed_image,
    read_image,
)
from edge_compress.nodes.vitals import CameraVitals


@dataclass(frozen=True)
class Frame:
    """A message, still serialized, and when it arrived.

    Attributes:
        serialized: a sensor_msgs/Image, or a sensor_msgs/CompressedImage.
        compressed: it is the latter.
        arrived_s: `time.perf_counter` seconds.
        arrived_ns: the node's clock, in nanoseconds.
    """

    serialized: bytes
    compressed: bool
    arrived_s: float
    arrived_ns: int

    def read(self) -> RawImage | RawCompressedImage:
        """Read the message; its pixels stay where they are.

        Raises:
            EncodingError: it cannot be read.
        """
        if self.compressed:
            return read_compressed_image(self.serialized)
        return read_image(self.serialized)


class FrameInput:
    """Subscribes to the image topic and hands each frame on.

    Attributes:
        mismatch: what is wrong with a publisher's quality of service; empty when all is well.
    """

    def __init__(
        self,
        node: Node,
        topic: str,
        transport: str,
        quality: str,
        vitals: CameraVitals,
        on_frame: Callable[[Frame], None],
    ) -> None:
        """Subscribe.

        Args:
            node: the subscriber.
            topic: of the raw images; compressed ones come on ``/compressed`` beside it.
            transport: ``raw`` or ``compressed``.
            quality: ``sensor_data`` or ``reliable``.
            vitals: told of what comes and what is lost.
            on_frame: called for each frame in the executor's thread, so it must be quick.
        """
        self.mismatch = ""
        self._compressed = transport == "compressed"
        self._node = node
        self._vitals = vitals
        self._on_frame = on_frame
        self._qos = qos.input_profile(quality)
        self._last_numbers: dict[str, int] = {}
        self._missing = 0
        self._lost = 0
        self._subscription = distributions.subscribe(
            node,
            CompressedImage if self._compressed else Image,
            f"{topic}/compressed" if self._compressed else topic,
            self._receive,
            self._qos,
            self._on_incompatible_qos,
            self._on_message_lost,
        )
        vitals.on_subscribed()

    @property
    def topic(self) -> str:
        """The topic's full name, after remapping."""
        return str(self._subscription.topic_name)

    @property
    def publishers(self) -> int:
        """How many publishers there are, matching or not."""
        return int(self._node.count_publishers(self.topic))

    def settle(self) -> None:
        """Count what never reached `on_frame` since the last call, and see who publishes now.

        The middleware tells of frames that it lost, but not of one that a newer frame replaced in
        its queue of one. The numbers that a publisher gives its frames show both, so what is
        missing there and was not told of was overwritten.
        """
        lost, self._lost = self._lost, 0
        missing, self._missing = self._missing, 0
        if self.mismatch and qos.all_match(self._node, self.topic, self._qos):
            self.mismatch = ""  # that publisher has gone
        self._vitals.on_dropped("transport", lost)
        self._vitals.on_dropped("overwritten", max(0, missing - lost))

    def close(self) -> None:
        """Unsubscribe."""
        self.settle()
        self._node.destroy_subscription(self._subscription)

    def _receive(self, serialized: bytes, info: Any) -> None:
        arrived_s = time.perf_counter()
        arrived_ns = self._node.get_clock().now().nanoseconds
        numbered = distributions.source_sequence(info)
        if numbered is not None:
            publisher, number = numbered
            self._missing += max(0, number - self._last_numbers.get(publisher, number - 1) - 1)
            self._last_numbers[publisher] = number
        self._vitals.on_received()
        self._on_frame(Frame(serialized, self._compressed, arrived_s, arrived_ns))

    def _on_message_lost(self, event: Any) -> None:
        self._lost += event.total_count_change
        self._node.get_logger().warning(
            f"frames of {self.topic} are lost in transport: {qos.TRANSPORT_REMEDY}",
            throttle_duration_sec=30.0,
        )

    def _on_incompatible_qos(self, event: Any) -> None:
        self.mismatch = qos.mismatch(self._node, self.topic, self._qos, event.last_policy_kind)
        self._node.get_logger().error(self.mismatch)
