"""What is done with each frame, in the thread of the frames."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node
from std_msgs.msg import Float32, Header

from edge_compress.errors import EdgeCompressError
from edge_compress.inference.detector import Detector
from edge_compress.nodes import messages
from edge_compress.nodes.camera_topics import CameraTopics
from edge_compress.nodes.detection_messages import DetectionMessages
from edge_compress.nodes.frame_input import Frame
from edge_compress.nodes.frame_settings import FrameSettings
from edge_compress.nodes.machine_vitals import MachineVitals
from edge_compress.nodes.overlays import publish_overlays
from edge_compress.vision.detections import Detections
from edge_compress.vision.letterbox import Geometry
from edge_compress.vision.pixels import Pixels

# Two messages of /clock are not further apart.
_CLOCK_STEP_MS = 1000.0


@dataclass(frozen=True)
class _Ready:
    """A frame that the network can look at."""

    camera: CameraTopics
    frame: Frame
    header: Header
    pixels: Pixels
    tensor: NDArray[np.float32]
    geometry: Geometry
    steps_ms: dict[str, float]


class FrameWork:
    """Reads, infers and publishes frames, and times each step.

    Attributes:
        detector: the model; to be replaced between two frames only.
        settings: of the next frames.
        judged: how many frames came to their turn while there was a deadline.
        late: how many of them were too old by then, or when their result was out.
    """

    def __init__(
        self,
        node: Node,
        detector: Detector,
        settings: FrameSettings,
        cameras: Sequence[CameraTopics],
        machine: MachineVitals,
    ) -> None:
        """Put the parts together; the caller keeps them and closes them."""
        self.detector = detector
        self.settings = settings
        self.judged = 0
        self.late = 0
        self._node = node
        self._cameras = cameras
        self._machine = machine
        self._fallbacks: tuple[str, ...] = detector.fallbacks
        self._messages = DetectionMessages()
        if not self._messages.serialized:
            node.get_logger().info(
                "vision_msgs has other fields here than those known: rclpy serializes detections, "
                "in three times the time"
            )

    def __call__(self, frames: Sequence[tuple[int, Frame]]) -> None:
        """Work on one frame of each of some cameras; a bad one is counted, named and skipped.

        Whatever one frame does, the next one is served.
        """
        ready = []
        for number, frame in frames:
            camera = self._cameras[number]
            try:
                one = self._prepare(camera, frame)
            except Exception as error:  # noqa: BLE001 - told in diagnostics and in the log
                self._skip(camera, error)
            else:
                ready += [] if one is None else [one]
        if ready:
            self._infer(ready)

    def _infer(self, ready: Sequence[_Ready]) -> None:
        tensors = [one.tensor for one in ready]
        start = time.perf_counter()
        try:
            outputs = self.detector.infer(
                tensors[0] if len(ready) == 1 else np.concatenate(tensors)
            )
        except Exception as error:  # noqa: BLE001
            if len(ready) == 1:
                self._skip(ready[0].camera, error)
            else:  # one of them may be to blame; the others are served
                for one in ready:
                    self._infer([one])
            return
        finally:
            self._tell_switch()
        infer_ms = (time.perf_counter() - start) * 1000
        cpu_s = self.detector.last_cpu_s / len(ready)
        for index, one in enumerate(ready):
            one.steps_ms["infer"] = infer_ms
            self._machine.on_inference(cpu_s)
            try:
                shown = self._finish(one, outputs, index)
            except Exception as error:  # noqa: BLE001
                self._skip(one.camera, error)
                continue
            try:
                self._show(one, *shown)
            except Exception as error:  # noqa: BLE001 - the result is out; this is a picture of it
                self._warn(one.camera, "not drawn", error)

    def _prepare(self, camera: CameraTopics, frame: Frame) -> _Ready | None:
        """Read a frame; None when it has missed its deadline."""
        settings = self.settings
        times = [time.perf_counter()]
        header, pixels = messages.read_frame(frame.read())
        if settings.deadline_ms:
            self.judged += 1
            if self._age_ms(frame, header, times[0]) > settings.deadline_ms:
                self.late += 1
                camera.vitals.on_dropped("deadline")
                return None
        times.append(time.perf_counter())
        tensor, geometry = pixels.network_input(self.detector.input, settings.region)
        times.append(time.perf_counter())
        steps_ms = {
            "wait": (times[0] - frame.arrived_s) * 1000,
            "convert": (times[1] - times[0]) * 1000,
            "preprocess": (times[2] - times[1]) * 1000,
        }
        return _Ready(camera, frame, header, pixels, tensor, geometry, steps_ms)

    def _finish(
        self, one: _Ready, outputs: Sequence[NDArray[Any]], index: int
    ) -> tuple[Detections, Sequence[str], float]:
        """Publish the result of a frame; return it, its tracks, and its latency in ms."""
        settings, camera, header = self.settings, one.camera, one.header
        times = [time.perf_counter()]
        detections = self.detector.postprocess(outputs, one.geometry, index)
        if settings.region is not None:
            detections = settings.region.to_frame(detections)
        detections = settings.chosen(detections)
        stamp_ns = messages.nanoseconds(header.stamp)
        ids: Sequence[str] = ()
        if camera.tracker is not None:
            seen_s = stamp_ns / 1e9 if stamp_ns else one.frame.arrived_s
            ids = camera.tracker.update(detections, seen_s)
        times.append(time.perf_counter())
        self._publish(camera, detections, ids, header)
        times.append(time.perf_counter())
        steps = one.steps_ms
        steps["postprocess"] = (times[1] - times[0]) * 1000
        steps["publish"] = (times[2] - times[1]) * 1000
        latency_ms = (times[2] - one.frame.arrived_s) * 1000
        if stamp_ns:  # a frame without a stamp has no age
            latency_ms = (self._node.get_clock().now().nanoseconds - stamp_ns) / 1e6
            steps["age"] = self._age_on_arrival_ms(one.frame, stamp_ns)
            steps["stamp_to_publish"] = latency_ms
            steps["overhead"] = latency_ms - steps["infer"]
        self.late += 0 < settings.deadline_ms < latency_ms
        camera.vitals.on_processed(steps, len(detections))
        return detections, ids, latency_ms

    def _show(
        self, one: _Ready, detections: Detections, ids: Sequence[str], latency_ms: float
    ) -> None:
        one.camera.latency_ms.publish(Float32(data=latency_ms))
        publish_overlays(
            one.camera, one.pixels, detections, ids, one.header, latency_ms, self._machine
        )

    def _publish(
        self, camera: CameraTopics, detections: Detections, ids: Sequence[str], header: Header
    ) -> None:
        if self.detector.head.kind == "classifier":
            message: Any = messages.classification_message(detections, header)
        else:
            message = self._messages(detections, header, ids)
        camera.results.publish(message)

    def _age_on_arrival_ms(self, frame: Frame, stamp_ns: int) -> float:
        """How old a frame was when it came."""
        age_ms = (frame.arrived_ns - stamp_ns) / 1e6
        # Sim time comes as messages, too, and a frame may overtake the one that says its time.
        clock: Any = self._node.get_clock()
        return 0.0 if clock.ros_time_is_active and -_CLOCK_STEP_MS < age_ms < 0 else age_ms

    def _age_ms(self, frame: Frame, header: Header, now_s: float) -> float:
        """How old a frame is: by its stamp, or since it came when it carries none."""
        stamp_ns = messages.nanoseconds(header.stamp)
        if not stamp_ns:
            return (now_s - frame.arrived_s) * 1000
        return (self._node.get_clock().now().nanoseconds - stamp_ns) / 1e6

    def _tell_switch(self) -> None:
        """Say once that a provider has failed and which one took its place."""
        before, self._fallbacks = self._fallbacks, self.detector.fallbacks
        if self._fallbacks != before and self.detector.switches:
            self._node.get_logger().warning(
                f"switched to {self.detector.provider}, since {self._fallbacks[-1]}"
            )

    def _skip(self, camera: CameraTopics, error: Exception) -> None:
        camera.vitals.on_unreadable(self._warn(camera, "skipped", error))

    def _warn(self, camera: CameraTopics, what: str, error: Exception) -> str:
        told = isinstance(error, EdgeCompressError)
        why = str(error) if told else f"{type(error).__name__}: {error}"
        of = f" of {camera.name}" if camera.name else ""
        self._node.get_logger().warning(
            f"a frame{of} was {what}: {why}", throttle_duration_sec=10.0
        )
        return why
