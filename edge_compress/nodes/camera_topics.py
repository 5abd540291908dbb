"""The topics of one camera that a detector serves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rclpy.exceptions import InvalidTopicNameException
from rclpy.lifecycle import LifecyclePublisher
from rclpy.lifecycle import Node as LifecycleNode
from rclpy.validate_topic_name import validate_topic_name
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Float32
from vision_msgs.msg import Classification, Detection2DArray

from edge_compress.nodes import qos
from edge_compress.nodes.frame_input import Frame, FrameInput
from edge_compress.nodes.parameters import ParameterError
from edge_compress.nodes.rate_limit import RateLimit
from edge_compress.nodes.vitals import CameraVitals
from edge_compress.vision.tracking.tracker import Tracker


def check_camera_names(names: Sequence[str]) -> None:
    """See that each camera can have topics of its own.

    Raises:
        ParameterError: a name is no part of a topic, or is there twice.
    """
    for name in names:
        try:
            validate_topic_name(f"~/{name}/image_raw")
        except InvalidTopicNameException as error:
            raise ParameterError(
                f"`cameras`: {name!r} cannot be part of a topic's name: letters, digits and _ can, "
                "and a digit does not begin one"
            ) from error
    if len(set(names)) < len(names):
        raise ParameterError(f"`cameras`: give each camera once, got {', '.join(names)}")


class CameraTopics:
    """A camera's images in, its results out, and what became of them.

    Attributes:
        name: of the camera; empty when it is the only one, whose topics have no prefix.
        vitals: its counts and times.
        input: the subscription, while frames are taken.
        results: of type Classification for a classifier, else Detection2DArray.
        overlay: the frame with what was found.
        overlay_compressed: the same as JPEG.
        latency_ms: of each frame.
        tracker: gives boxes an identity over frames; None while that is not asked for.
    """

    def __init__(
        self, node: LifecycleNode, name: str, vitals: CameraVitals, *, classifier: bool
    ) -> None:
        """Create the publishers; they are silent until the node is active."""
        self.name = name
        self.vitals = vitals
        self.input: FrameInput | None = None
        self.tracker: Tracker | None = None
        self._node = node
        self._limit = RateLimit(0)
        self._prefix = f"{name}/" if name else ""
        kind, topic = (
            (Classification, "classification") if classifier else (Detection2DArray, "detections")
        )
        self.results: LifecyclePublisher[Any] = self._publisher(kind, topic, qos.RESULTS)
        self.overlay = self._publisher(Image, "overlay", qos.IMAGES)
        self.overlay_compressed = self._publisher(CompressedImage, "overlay/compressed", qos.IMAGES)
        self.latency_ms = node.create_lifecycle_publisher(
            Float32, f"~/{self._prefix}latency_ms", qos.RESULTS
        )

    def start(self, transport: str, quality: str, put: Callable[[Frame], None]) -> None:
        """Subscribe to the images.

        Args:
            transport: ``raw`` or ``compressed``.
            quality: ``sensor_data`` or ``reliable``.
            put: called for each frame that is not one too many; it must be quick.
        """

        def on_frame(frame: Frame) -> None:
            if self._limit.passes(frame.arrived_s):
                put(frame)
            else:
                self.vitals.on_dropped("rate_limit")

        self.input = FrameInput(
            self._node, f"{self._prefix}image_raw", transport, quality, self.vitals, on_frame
        )

    def stop(self) -> None:
        """Unsubscribe."""
        if self.input is not None:
            self.input.close()
            self.input = None

    def limit_rate(self, hz: float) -> None:
        """Take no more frames per second than this; 0 for all."""
        self._limit = RateLimit(hz)

    def track(self, wanted: bool) -> None:
        """Begin to track anew, or stop it."""
        self.tracker = Tracker() if wanted else None

    def close(self) -> None:
        """Free the topics."""
        self.stop()
        for publisher in (self.results, self.overlay, self.overlay_compressed, self.latency_ms):
            self._node.destroy_lifecycle_publisher(publisher)

    def _publisher(self, kind: Any, topic: str, profile: Any) -> LifecyclePublisher[Any]:
        return self._node.create_lifecycle_publisher(kind, f"{self._prefix}{topic}", profile)
