"""The detector node: camera images in; detections, overlay and diagnostics out."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

import cv2
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.lifecycle import Node as LifecycleNode
from rclpy.task import Future
from rclpy.timer import Timer
from std_srvs.srv import Trigger

from edge_compress.errors import EdgeCompressError
from edge_compress.nodes.camera_topics import check_camera_names
from edge_compress.nodes.detector_parameters import DETECTOR_PARAMETERS
from edge_compress.nodes.detector_report import report
from edge_compress.nodes.diagnostics import Reporter
from edge_compress.nodes.distributions import steady_clock
from edge_compress.nodes.frame_settings import FrameSettings
from edge_compress.nodes.hot_swap import HotSwap, running
from edge_compress.nodes.loading import Load
from edge_compress.nodes.memory import keep_memory
from edge_compress.nodes.opening import Loaded, LoadError, Opening
from edge_compress.nodes.parameters import Parameters
from edge_compress.nodes.running import STOPPING, run
from edge_compress.nodes.serving import Serving
from edge_compress.nodes.stepping import Stepping
from edge_compress.nodes.threshold_parameters import vitals_thresholds

_SUCCESS = TransitionCallbackReturn.SUCCESS
_STEPPING_PERIOD_S = 0.5


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
        self._serving: Serving | None = None
        self._swap: HotSwap | None = None
        self._stepping: Timer | None = None
        self._autostart: Timer | None = None
        self._settings = Parameters(
            self,
            DETECTOR_PARAMETERS,
            idle=lambda: self._serving is None,
            on_change=self._on_change,
        )
        self._reporter = Reporter(self, self._settings["diagnostics_period_s"], self._report)
        # In a group of its own, for rclpy runs nothing else of a group until an answer is given: no
        # report, no transition, and no clock of the simulation's.
        self.create_service(
            Trigger, "~/load", self._on_load, callback_group=ReentrantCallbackGroup()
        )
        if self._settings["autostart"]:
            # Sim time may not have begun.
            self._autostart = self.create_timer(0.0, self._start, clock=steady_clock())

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Open the bundle, warm it up and announce its labels."""
        get = self._settings.__getitem__
        try:
            settings, limits = FrameSettings.of(get), vitals_thresholds(get)
            check_camera_names(get("cameras"))  # before much is opened
            loaded = self._wait_for(Opening.of(get))
            try:
                self._serving = Serving(self, loaded.detector, settings, limits, get)
            except EdgeCompressError:
                loaded.detector.close()
                raise
        except EdgeCompressError as error:
            self._problem, self._label = str(error), "unconfigured"
            self.get_logger().error(f"cannot configure: {error}")
            return TransitionCallbackReturn.FAILURE
        self.get_logger().info(running(loaded))
        for reason in loaded.detector.fallbacks:
            self.get_logger().info(f"provider passed over: {reason}")
        self._swap = HotSwap(self, self._serving, loaded)
        if self._settings["step_down"]:
            self._watch_load(self._serving, self._swap)
        self._problem, self._label = "", "inactive"
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Take frames."""
        if self._serving is None:
            return TransitionCallbackReturn.ERROR
        result = super().on_activate(state)
        self._serving.start(self._settings["image_transport"], self._settings["input_qos"])
        self._label = "active"
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Finish the frame in work and take no more."""
        if self._serving is not None:
            self._serving.stop()
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
        if self._stepping is not None:
            self.destroy_timer(self._stepping)
            self._stepping = None
        if self._swap is not None:
            self._swap.close()
            self._swap = None
        if self._serving is not None:
            self._serving.close()
            self._serving = None

    def _start(self) -> None:
        if self._autostart is not None:
            self.destroy_timer(self._autostart)
            self._autostart = None
        if self._label == "unconfigured" and self.trigger_configure() == _SUCCESS:
            self.trigger_activate()

    def _wait_for(self, opening: Opening) -> Loaded:
        """Open the first bundle; a lifecycle transition cannot go on meanwhile, but it can tell.

        Raises:
            EdgeCompressError: it cannot be opened.
        """
        load = Load(opening.bundle, opening.open)
        period_s = self._settings["diagnostics_period_s"]
        while not load.done.wait(period_s):
            if STOPPING.asked:
                load.cancel()
            self._label = f"opening {load}"
            self._report()
        return load.result()

    def _watch_load(self, serving: Serving, swap: HotSwap) -> None:
        stepping = Stepping(
            serving,
            swap,
            self._settings["step_down_after_s"],
            self._settings["step_up_after_s"],
        )
        self._stepping = self.create_timer(
            _STEPPING_PERIOD_S, lambda: stepping.update(time.monotonic()), clock=steady_clock()
        )

    def _on_change(self, changes: Mapping[str, Any]) -> None:
        get = self._settings.changed(changes)
        settings, limits = FrameSettings.of(get), vitals_thresholds(get)
        check_camera_names(get("cameras"))
        if self._serving is None or self._swap is None:
            return
        # What may be refused comes first: of what is set together, all is done or nothing.
        settings.check(self._serving.detector.labels)
        if "bundle" in changes:
            self._swap.take(Opening.of(get))
        self._serving.apply(settings)
        self._serving.judge_by(limits)

    async def _on_load(
        self, request: Trigger.Request, response: Trigger.Response
    ) -> Trigger.Response:
        """Load the `bundle` parameter again; frames are served meanwhile."""
        try:
            if self._swap is None:
                raise LoadError("the node is not configured")
            load = self._swap.take(Opening.of(self._settings.__getitem__))
            ended: Future[None] = Future(executor=self.executor)
            load.call_when_done(lambda: ended.set_result(None))
            await ended
            response.message = running(load.result())
            response.success = True
        except EdgeCompressError as error:
            response.message = str(error)
        return response

    def _report(self) -> None:
        serving = self._serving
        figures = self._swap.figures if self._swap is not None else None
        self._reporter.publish(*report(self._label, self._problem, serving, figures))
        if serving is not None:
            serving.publish_power()


def main(args: list[str] | None = None) -> int:
    """Run the detector."""
    keep_memory()
    # The executor's thread, while it makes a report, would keep the interpreter for up to 5 ms at a
    # time from the threads that take frames and work on them.
    sys.setswitchinterval(1e-4)
    # A frame is too small to share out: waking OpenCV's threads costs more than they save.
    cv2.setNumThreads(1)
    return run("detector", DetectorNode, args)


if __name__ == "__main__":
    sys.exit(main())
