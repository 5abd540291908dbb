"""What a configured detector node holds: the model, its topics and its figures."""

from __future__ import annotations

from rclpy.clock import JumpThreshold, TimeJump
from rclpy.duration import Duration
from rclpy.lifecycle import Node as LifecycleNode
from sensor_msgs.msg import Image
from std_msgs.msg import Float32
from vision_msgs.msg import Classification, Detection2DArray, LabelInfo

from edge_compress.inference.detector import Detector
from edge_compress.nodes import qos
from edge_compress.nodes.detection_work import DetectionWork, Outputs
from edge_compress.nodes.frame_input import Frame, FrameInput
from edge_compress.nodes.latest import LatestWorker
from edge_compress.nodes.messages import label_message
from edge_compress.nodes.vitals import Vitals
from edge_compress.vision.thresholds import Thresholds


class Pipeline:
    """Topics and threads around an open detector; frames are taken between start and stop.

    Attributes:
        detector: the model.
        vitals: counts and times.
        input: the subscription, while frames are taken.
    """

    def __init__(self, node: LifecycleNode, detector: Detector, window_s: float) -> None:
        """Create the topics and announce the labels."""
        self.detector = detector
        self.vitals = Vitals(window_s)
        self.input: FrameInput | None = None
        self._node = node
        self._worker: LatestWorker[Frame] | None = None
        results = (
            node.create_lifecycle_publisher(Classification, "classification", qos.RESULTS)
            if detector.head.kind == "classifier"
            else node.create_lifecycle_publisher(Detection2DArray, "detections", qos.RESULTS)
        )
        overlay = node.create_lifecycle_publisher(Image, "overlay", qos.IMAGES)
        latency_ms = node.create_lifecycle_publisher(Float32, "~/latency_ms", qos.RESULTS)
        self._power_w = node.create_lifecycle_publisher(Float32, "~/power_w", qos.RESULTS)
        self._publishers = (results, overlay, latency_ms, self._power_w)
        self._outputs = Outputs(results, overlay, latency_ms)
        # Not a lifecycle publisher: the labels are known, and latched, before frames are taken.
        self._label_info = node.create_publisher(LabelInfo, "label_info", qos.LATCHED)
        self._announce_labels()
        # Sim time goes back when a simulation is reset: ages from before it mean nothing then.
        self._clock_jumps = node.get_clock().create_jump_callback(
            JumpThreshold(min_forward=None, min_backward=Duration(nanoseconds=-1)),
            post_callback=self._on_clock_jump,
        )

    def start(self, transport: str, quality: str) -> None:
        """Subscribe to the images and infer; see `FrameInput` for the arguments."""
        work = DetectionWork(self._node, self.detector, self._outputs, self.vitals)
        self._worker = LatestWorker(work, lambda: self.vitals.on_dropped("overwritten"))
        self.input = FrameInput(self._node, transport, quality, self.vitals, self._worker.put)

    def stop(self) -> None:
        """Finish the frame in work and take no more."""
        if self.input is not None:
            self.input.close()
            self.input = None
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    def close(self) -> None:
        """Free the model and the topics."""
        self.stop()
        self._clock_jumps.unregister()
        for publisher in self._publishers:
            self._node.destroy_lifecycle_publisher(publisher)
        self._node.destroy_publisher(self._label_info)
        self.detector.close()

    def set_thresholds(self, thresholds: Thresholds) -> None:
        """Use other thresholds from the next frame on."""
        self.detector.thresholds = thresholds
        self._announce_labels()

    def publish_power(self) -> None:
        """Publish the watts where they can be read."""
        if self.vitals.watts is not None:
            self._power_w.publish(Float32(data=self.vitals.watts))

    def _announce_labels(self) -> None:
        now = self._node.get_clock().now().to_msg()
        confidence = self.detector.thresholds.confidence
        self._label_info.publish(label_message(self.detector.labels, confidence, now))

    def _on_clock_jump(self, jump: TimeJump) -> None:
        self.vitals.forget_latency()
