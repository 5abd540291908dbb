"""The detector's input: a subscription that counts all that it does not get."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image

from edge_compress.nodes import distributions, qos
from edge_compress.nodes.publication_numbers import PublicationNumbers
from edge_compress.nodes.raw_images import RawCompressedImage, RawImage
from edge_compress.nodes.taking import taker
from edge_compress.nodes.vitals import CameraVitals
from edge_compress.nodes.waiting import EventsOnly, WaitingThread


@dataclass(frozen=True)
class Frame:
    """A message that is not read yet, and when it arrived.

    Attributes:
        read: returns a sensor_msgs/Image or a sensor_msgs/CompressedImage, its pixels where they
            are; raises EncodingError when it cannot be read.
        arrived_s: `time.perf_counter` seconds.
        arrived_ns: the node's clock, in nanoseconds.
    """

    read: Callable[[], RawImage | RawCompressedImage]
    arrived_s: float
    arrived_ns: int


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
            on_frame: called for each frame in the thread that waits for them, so it must be quick.
        """
        self.mismatch = ""
        self._node = node
        self._vitals = vitals
        self._on_frame = on_frame
        self._qos = qos.input_profile(quality)
        self._lock = threading.Lock()
        self._numbers = PublicationNumbers()
        self._missing = 0
        self._unexplained = 0
        self._lost = 0
        compressed = transport == "compressed"
        self._subscription = distributions.subscribe(
            node,
            CompressedImage if compressed else Image,
            f"{topic}/compressed" if compressed else topic,
            _nobody,
            self._qos,
            self._on_incompatible_qos,
            self._on_message_lost,
            EventsOnly(),
        )
        self._taker = taker(self._subscription)
        self._thread = WaitingThread(node, self._subscription, self._receive)
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
        missing there and was not told of by the next call was overwritten.
        """
        with self._lock:
            lost, self._lost = self._lost, 0
            missing, self._missing = self._missing, 0
        if self.mismatch and qos.all_match(self._node, self.topic, self._qos):
            self.mismatch = ""  # that publisher has gone
        overwritten = max(0, self._unexplained - lost)
        self._unexplained += missing - lost - overwritten  # below 0: told of before it was missed
        self._vitals.on_dropped("transport", lost)
        self._vitals.on_dropped("overwritten", overwritten)

    def close(self) -> None:
        """Unsubscribe."""
        self._thread.stop()
        self.settle()
        self.settle()  # of what is missing now, nothing will be told any more
        self._node.destroy_subscription(self._subscription)

    def _receive(self) -> None:
        try:
            taken = self._taker.take()
        except RuntimeError as error:
            self._node.get_logger().error(
                f"frames of {self.topic} cannot be taken: {error}", throttle_duration_sec=10.0
            )
            return
        arrived_s = time.perf_counter()
        arrived_ns = self._node.get_clock().now().nanoseconds
        if taken is None:
            return
        self._vitals.on_received()
        self._count_missing(taken.number)
        self._on_frame(Frame(taken.read, arrived_s, arrived_ns))

    def _count_missing(self, number: tuple[bytes, int] | None) -> None:
        missing = self._numbers.missing_before(number)
        with self._lock:
            self._missing += missing

    def _on_message_lost(self, event: Any) -> None:
        with self._lock:
            self._lost += event.total_count_change
        self._node.get_logger().warning(
            f"frames of {self.topic} are lost in transport: {qos.TRANSPORT_REMEDY}",
            throttle_duration_sec=30.0,
        )

    def _on_incompatible_qos(self, event: Any) -> None:
        self.mismatch = qos.mismatch(self._node, self.topic, self._qos, event.last_policy_kind)
        self._node.get_logger().error(self.mismatch)


def _nobody(serialized: bytes, info: Any) -> None:
    """Stand in for the callback of a subscription that no executor waits for."""
