"""What a configured detector node holds: the model, the cameras that it serves, and its figures."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from rclpy.clock import JumpThreshold, TimeJump
from rclpy.duration import Duration
from rclpy.lifecycle import Node as LifecycleNode
from std_msgs.msg import Float32
from vision_msgs.msg import LabelInfo

from edge_compress.inference.detector import Detector
from edge_compress.nodes import qos
from edge_compress.nodes.camera_topics import CameraTopics
from edge_compress.nodes.fair_worker import FairWorker
from edge_compress.nodes.frame_input import Frame
from edge_compress.nodes.frame_settings import FrameSettings
from edge_compress.nodes.frame_work import FrameWork
from edge_compress.nodes.machine_vitals import MachineVitals
from edge_compress.nodes.messages import label_message
from edge_compress.nodes.opening import LoadError
from edge_compress.nodes.vitals import CameraVitals
from edge_compress.telemetry.thresholds import Thresholds as Limits


class Serving:
    """Topics and threads around an open detector; frames are taken between start and stop.

    Attributes:
        cameras: those that are served.
        machine: what it runs on.
    """

    def __init__(
        self,
        node: LifecycleNode,
        detector: Detector,
        settings: FrameSettings,
        limits: Limits,
        get: Callable[[str], Any],
    ) -> None:
        """Create the topics and announce the labels.

        Args:
            node: whose topics they are.
            detector: open and warm; from now on it is closed here.
            settings: of each frame.
            limits: from where on a figure is bad.
            get: gives a parameter's value by its name.

        Raises:
            ParameterError: `settings` name classes that the model does not know.
        """
        settings.check(detector.labels)
        self.machine = MachineVitals(min(get("diagnostics_period_s"), 1.0), limits)
        self.cameras: Sequence[CameraTopics] = [
            CameraTopics(
                node,
                name,
                CameraVitals(get("window_s"), limits),
                classifier=detector.head.kind == "classifier",
            )
            for name in get("cameras") or [""]
        ]
        self._node = node
        self._work = FrameWork(node, detector, settings, self.cameras, self.machine)
        self._worker: FairWorker[Frame] | None = None
        self._power_w = node.create_lifecycle_publisher(Float32, "~/power_w", qos.RESULTS)
        # Not a lifecycle publisher: the labels are known, and latched, before frames are taken.
        self._label_info = node.create_publisher(LabelInfo, "label_info", qos.LATCHED)
        self.apply(settings)
        # Sim time goes back when a simulation is reset: ages from before it mean nothing then.
        self._clock_jumps = node.get_clock().create_jump_callback(
            JumpThreshold(min_forward=None, min_backward=Duration(nanoseconds=-1)),
            post_callback=self._on_clock_jump,
        )

    @property
    def detector(self) -> Detector:
        """The model in use."""
        return self._work.detector

    @property
    def punctuality(self) -> tuple[int, int]:
        """How many frames came to their turn so far, and how many missed the deadline."""
        return self._work.judged, self._work.late

    def start(self, transport: str, quality: str) -> None:
        """Subscribe to the images and infer; see `FrameInput` for the arguments."""
        self._worker = FairWorker(
            self._work,
            lambda number: self.cameras[number].vitals.on_dropped("overwritten"),
            sources=len(self.cameras),
            most=lambda: self.detector.max_batch,
        )
        for number, camera in enumerate(self.cameras):
            camera.start(transport, quality, partial(self._worker.put, number))

    def stop(self) -> None:
        """Finish the frame in work and take no more."""
        for camera in self.cameras:
            camera.stop()
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    def close(self) -> None:
        """Free the model and the topics."""
        self.stop()
        self._clock_jumps.unregister()
        self.machine.close()
        for camera in self.cameras:
            camera.close()
        self._node.destroy_lifecycle_publisher(self._power_w)
        self._node.destroy_publisher(self._label_info)
        self.detector.close()

    def apply(self, settings: FrameSettings) -> None:
        """Work on the next frames in another way.

        Raises:
            ParameterError: it names classes that the model does not know.
        """
        settings.check(self.detector.labels)
        self._between(lambda: self._apply(settings, self.detector))

    def judge_by(self, limits: Limits) -> None:
        """Judge all figures by other limits."""
        self.machine.judge_by(limits)
        for camera in self.cameras:
            camera.vitals.judge_by(limits)

    def replace(self, detector: Detector) -> None:
        """Put another model in between two frames, and close the one before.

        To be called in a thread of its own: it waits for the frame in work.

        Args:
            detector: open and warm; from now on it is closed here.

        Raises:
            LoadError: its results are of another kind than this node's topics carry.
            ParameterError: it does not know the `classes` that are asked for.
        """
        old = self.detector
        if (old.head.kind == "classifier") != (detector.head.kind == "classifier"):
            raise LoadError(
                "detections and classifications have different topics: clean up the node, and "
                "configure it with the new bundle"
            )
        self._work.settings.check(detector.labels)
        done = threading.Event()

        def swap() -> None:
            self._apply(self._work.settings, detector)
            done.set()

        self._between(swap)
        done.wait()
        old.close()

    def publish_power(self) -> None:
        """Publish the watts where they can be read."""
        if self.machine.watts is not None:
            self._power_w.publish(Float32(data=self.machine.watts))

    def _between(self, job: Callable[[], None]) -> None:
        """Run a job between two frames."""
        worker = self._worker  # which `stop` may forget meanwhile, in another thread
        if worker is not None:
            worker.between(job)
        else:
            job()

    def _apply(self, settings: FrameSettings, detector: Detector) -> None:
        before, self._work.settings = self._work.settings, settings
        changed = detector is not self.detector
        self._work.detector = detector
        detector.thresholds = settings.thresholds
        for camera in self.cameras:
            camera.limit_rate(settings.max_rate)
            # Numbers of classes mean something else to another model.
            if changed or settings.tracking != (camera.tracker is not None):
                camera.track(settings.tracking)
        if changed or before.thresholds != settings.thresholds or before is settings:
            self._announce_labels()

    def _announce_labels(self) -> None:
        now = self._node.get_clock().now().to_msg()
        confidence = self.detector.thresholds.confidence
        self._label_info.publish(label_message(self.detector.labels, confidence, now))

    def _on_clock_jump(self, jump: TimeJump) -> None:
        for camera in self.cameras:
            camera.vitals.forget_latency()
            self._between(partial(camera.track, self._work.settings.tracking))
