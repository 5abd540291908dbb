"""The detector node: camera images in; detections, overlay and diagnostics out."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import cv2
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.lifecycle import Node as LifecycleNode
from rclpy.timer import Timer

from edge_compress.errors import EdgeCompressError
from edge_compress.inference.detector import Detector
from edge_compress.nodes.detector_parameters import DETECTOR_PARAMETERS
from edge_compress.nodes.detector_report import report
from edge_compress.nodes.diagnostics import Reporter
from edge_compress.nodes.parameters import Parameters
from edge_compress.nodes.pipeline import Pipeline
from edge_compress.nodes.running import run
from edge_compress.vision.thresholds import Thresholds

_SUCCESS = TransitionCallbackReturn.SUCCESS


class DetectorNode(LifecycleNode):
    """Opens and warms up a bundle on configure, and takes frames while it is active."""

    def __init__(self) -> None:
        """Declare the parameters; everything else waits for configure.

        Raises:
            ParameterError: a parameter's value is refused.
        """
        super().__init__("detector")
        self.done = False
        self.failure = ""
        self._label = "unconfigured"
        self._problem = ""
        self._pipeline: Pipeline | None = None
        self._autostart: Timer | None = None
        self._settings = Parameters(
            self,
            DETECTOR_PARAMETERS,
            idle=lambda: self._pipeline is None,
            on_change=self._set_thresholds,
        )
        self._reporter = Reporter(self, self._settings["diagnostics_period_s"], self._report)
        if self._settings["autostart"]:
            steady = Clock(clock_type=ClockType.STEADY_TIME)  # sim time may not have begun
            self._autostart = self.create_timer(0.0, self._start, clock=steady)

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Open the bundle, warm it up and announce its labels."""
        try:
            detector = self._open()
        except EdgeCompressError as error:
            self._problem = str(error)
            self.get_logger().error(f"cannot configure: {error}")
            return TransitionCallbackReturn.FAILURE
        self._problem = ""
        self._pipeline = Pipeline(self, detector, self._settings["window_s"])
        self._label = "inactive"
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Take frames."""
        if self._pipeline is None:
            return TransitionCallbackReturn.ERROR
        result = super().on_activate(state)
        self._pipeline.start(self._settings["image_transport"], self._settings["input_qos"])
        self._label = "active"
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Finish the frame in work and take no more."""
        if self._pipeline is not None:
            self._pipeline.stop()
        self._label = "inactive"
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free the model and the topics."""
        self.close()
        self._label = "unconfigured"
        return _SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free everything for good."""
        self.close()
        self._label = "finalized"
        return _SUCCESS

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free everything, so that the node can be configured again."""
        return self.on_cleanup(state)

    def close(self) -> None:
        """Free the model, the topics and the threads."""
        if self._pipeline is not None:
            self._pipeline.close()
            self._pipeline = None

    def _start(self) -> None:
        if self._autostart is not None:
            self.destroy_timer(self._autostart)
            self._autostart = None
        if self._label == "unconfigured" and self.trigger_configure() == _SUCCESS:
            self.trigger_activate()

    def _open(self) -> Detector:
        bundle = self._settings["bundle"]
        if not bundle:
            raise EdgeCompressError("no bundle is given: set bundle:=FOLDER.bundle")
        detector = Detector.open(
            bundle,
            providers=self._settings["providers"],
            threads=self._settings["threads"],
            variant=self._settings["variant"],
            thresholds=self._thresholds({}),
        )
        detector.warm_up()
        file = detector.variant.file if detector.variant else "model"
        self.get_logger().info(f"{file} of {bundle} runs on {detector.provider}")
        for reason in detector.fallbacks:
            self.get_logger().info(f"provider passed over: {reason}")
        return detector

    def _thresholds(self, changes: Mapping[str, Any]) -> Thresholds:
        def value(name: str) -> Any:
            return changes[name] if name in changes else self._settings[name]

        return Thresholds(
            confidence=float(value("confidence_threshold")),
            nms_iou=float(value("nms_threshold")),
            max_detections=value("max_detections"),
        )

    def _set_thresholds(self, changes: Mapping[str, Any]) -> None:
        if self._pipeline is not None:
            self._pipeline.set_thresholds(self._thresholds(changes))

    def _report(self) -> None:
        self._reporter.publish(*report(self._label, self._problem, self._pipeline))
        if self._pipeline is not None:
            self._pipeline.publish_power()


def main(args: list[str] | None = None) -> int:
    """Run the detector."""
    # The executor's thread, which has just stored a frame, would keep the interpreter for up to
    # 5 ms from the thread that is to work on it.
    sys.setswitchinterval(1e-4)
    # A frame is too small to share out: waking OpenCV's threads costs more than they save.
    cv2.setNumThreads(1)
    return run("detector", DetectorNode, args)


if __name__ == "__main__":
    sys.exit(main())
