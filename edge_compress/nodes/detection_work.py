"""What is done with each frame, in the detector's own thread."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.publisher import Publisher
from sensor_msgs.msg import Image
from std_msgs.msg import Float32, Header

from edge_compress.errors import EdgeCompressError
from edge_compress.inference.detector import Detector
from edge_compress.nodes import messages
from edge_compress.nodes.frame_input import Frame
from edge_compress.nodes.vitals import Vitals
from edge_compress.vision.detections import Detections
from edge_compress.vision.drawing import draw


@dataclass(frozen=True)
class Outputs:
    """The topics that each frame feeds."""

    results: Publisher[Any]
    overlay: Publisher[Image]
    latency_ms: Publisher[Float32]


class DetectionWork:
    """Converts, infers and publishes one frame after the other, and times each step."""

    def __init__(self, node: Node, detector: Detector, outputs: Outputs, vitals: Vitals) -> None:
        """Put the parts together; the caller keeps them and closes them."""
        self._node = node
        self._detector = detector
        self._outputs = outputs
        self._vitals = vitals
        self._messages = messages.DetectionMessages()
        self._classifier = detector.head.kind == "classifier"

    def __call__(self, frame: Frame) -> None:
        """Work on one frame; a bad one is counted, named and skipped."""
        try:
            self._detect(frame)
        except EdgeCompressError as error:
            self._skip(str(error))
        except Exception as error:  # noqa: BLE001 - whatever a frame does, the next one is served
            self._skip(f"{type(error).__name__}: {error}")

    def _detect(self, frame: Frame) -> None:
        times = [time.perf_counter()]
        message = frame.read()
        header = message.header
        image = messages.image_to_bgr(message)
        times.append(time.perf_counter())
        tensor, geometry = self._detector.preprocess(image)
        times.append(time.perf_counter())
        cpu = time.thread_time()
        outputs = self._detector.infer(tensor)
        cpu = time.thread_time() - cpu
        times.append(time.perf_counter())
        detections = self._detector.postprocess(outputs, geometry)
        times.append(time.perf_counter())
        self._publish(detections, header)
        times.append(time.perf_counter())
        steps = {
            name: (after - before) * 1000
            for name, before, after in zip(_STEPS, times, times[1:], strict=False)
        }
        steps["wait"] = (times[0] - frame.arrived_s) * 1000
        stamp_ns = messages.nanoseconds(header.stamp)
        if stamp_ns:  # a frame without a stamp has no age
            now_ns = self._node.get_clock().now().nanoseconds
            steps["age"] = (frame.arrived_ns - stamp_ns) / 1e6
            steps["stamp_to_publish"] = (now_ns - stamp_ns) / 1e6
            steps["overhead"] = steps["stamp_to_publish"] - steps["infer"]
        self._vitals.on_processed(steps, len(detections), cpu)
        latency = steps.get("stamp_to_publish", (times[-1] - frame.arrived_s) * 1000)
        self._outputs.latency_ms.publish(Float32(data=latency))
        if self._outputs.overlay.get_subscription_count():
            self._publish_overlay(image, detections, header, latency)

    def _publish(self, detections: Detections, header: Header) -> None:
        if self._classifier:
            message: Any = messages.classification_message(detections, header)
        else:
            message = self._messages.build(detections, header)
        self._outputs.results.publish(message)

    def _publish_overlay(
        self,
        image: NDArray[np.uint8],
        detections: Detections,
        header: Header,
        latency_ms: float,
    ) -> None:
        parts = [f"{self._vitals.frames().processed_rate_hz:.1f} fps", f"{latency_ms:.1f} ms"]
        if self._vitals.watts is not None:
            parts.append(f"{self._vitals.watts:.1f} W")
        drawn = draw(image, detections, "  ".join(parts))
        self._outputs.overlay.publish(messages.image_message(drawn, "bgr8", header))
        self._vitals.on_overlay()

    def _skip(self, why: str) -> None:
        self._vitals.on_unreadable(why)
        self._node.get_logger().warning(f"a frame was skipped: {why}", throttle_duration_sec=10.0)


_STEPS = ("convert", "preprocess", "infer", "postprocess", "publish")
