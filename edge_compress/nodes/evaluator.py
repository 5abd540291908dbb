"""The evaluator node: detections against ground truth, live and as a report at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from vision_msgs.msg import Detection2DArray, LabelInfo

from edge_compress.errors import EdgeCompressError
from edge_compress.nodes import qos
from edge_compress.nodes.any_quality import AnyQuality
from edge_compress.nodes.diagnostics import Reporter
from edge_compress.nodes.distributions import steady_clock
from edge_compress.nodes.evaluator_parameters import (
    EVALUATOR_PARAMETERS,
    read_limits,
    read_settings,
)
from edge_compress.nodes.evaluator_report import statuses
from edge_compress.nodes.parameters import Parameters
from edge_compress.nodes.running import run
from edge_compress.scoring.detector_says import detector_values
from edge_compress.scoring.errors import check_topics
from edge_compress.scoring.evaluator import Evaluator
from edge_compress.scoring.judge import EXIT_CODES, evaluate, summary
from edge_compress.scoring.report import make_folder, write_report

_TICK_S = 0.1
# Detections are late when this long after the first ground truth there are none at all.
_PATIENCE_S = 5.0


class EvaluatorNode(Node):
    """Scores what comes on `detections` against what comes on `ground_truth`.

    Attributes:
        done: so many frames have come as were asked for, or none has for long.
        failure: why nothing could be judged; known after `close`.
        exit_code: 0, 1 or 2; known after `close`.
    """

    def __init__(self) -> None:
        """Subscribe.

        Raises:
            ParameterError: a parameter's value is refused.
            ScoringError: `class_map` cannot be read, there can be no report where it is wanted, or
                both sides are the same topic.
        """
        super().__init__("evaluator")
        self.done = False
        self.failure = ""
        self.exit_code = 0
        self._settings = Parameters(self, EVALUATOR_PARAMETERS)
        self._limits = read_limits(self._settings)
        self._evaluator = Evaluator(read_settings(self._settings))
        if self._settings["report"]:
            make_folder(Path(self._settings["report"]))
        self._first_truth_s: float | None = None
        self._last_truth_s = 0.0
        self._truth_frames = 0
        self._detector = ""
        self._detections = AnyQuality(self, Detection2DArray, "detections", self._on_detections)
        self._truth = AnyQuality(self, Detection2DArray, "ground_truth", self._on_truth)
        check_topics(self._detections.name, self._truth.name)
        self.create_subscription(LabelInfo, "label_info", self._on_labels, qos.LATCHED)
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, 10)
        self._reporter = Reporter(self, self._settings["diagnostics_period_s"], self._report)
        self.create_timer(_TICK_S, self._tick, clock=steady_clock())
        self.get_logger().info(f"scores {self._detections.name} against {self._truth.name}")

    def close(self) -> None:
        """Score what is left, write the report, and say how it went."""
        self._evaluator.finish(time.monotonic())
        evaluation = evaluate(self._evaluator, self._limits, self._source())
        self.exit_code = EXIT_CODES[evaluation.verdict]
        line = summary(evaluation)
        try:
            if self._settings["report"]:
                folder = Path(self._settings["report"])
                for note in write_report(folder, evaluation, self._evaluator):
                    self.get_logger().warning(note)
                line += f" (report: {folder})"
        except EdgeCompressError as error:
            self.failure = str(error)
        if evaluation.verdict == "not evaluated":
            self.failure = line
        elif evaluation.verdict == "failed":
            self.get_logger().error(line)
        else:
            self.get_logger().info(line)

    def _on_truth(self, message: Detection2DArray) -> None:
        wanted = self._settings["frames"]
        if wanted and self._truth_frames >= wanted:
            return
        now = time.monotonic()
        self._truth_frames += 1
        self._last_truth_s = now
        if self._first_truth_s is None:
            self._first_truth_s = now
        self._evaluator.add_truth(message, now)

    def _on_detections(self, message: Detection2DArray) -> None:
        clock_ns = self.get_clock().now().nanoseconds
        self._evaluator.add_found(message, time.monotonic(), clock_ns)

    def _on_labels(self, message: LabelInfo) -> None:
        self._evaluator.know_classes(one.class_name for one in message.class_map)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        values = detector_values(
            message, lambda node, _: node == self._detector, self._detections.name
        )
        self._evaluator.latencies.detector.update(values)

    def _tick(self) -> None:
        now = time.monotonic()
        self._evaluator.settle(now)
        wanted, idle = self._settings["frames"], self._settings["idle_timeout_s"]
        if wanted and self._truth_frames >= wanted:
            self.done = not self._evaluator.truth_waiting
        elif idle and self._first_truth_s is not None:
            self.done = now - self._last_truth_s > idle

    def _report(self) -> None:
        for topic in (self._detections, self._truth):
            topic.look()
        publishers = self.get_publishers_info_by_topic(self._detections.name)
        if publishers:
            namespace, name = publishers[0].node_namespace, publishers[0].node_name
            self._detector = f"{namespace.rstrip('/')}/{name}".lstrip("/")
        evaluation = evaluate(self._evaluator, self._limits, self._source(), final=False)
        min_frames = self._settings["min_frames"]
        self._reporter.publish(
            *statuses(evaluation, min_frames, self._missing(), tuple(self._doubts()))
        )

    def _missing(self) -> str:
        """Say what does not come."""
        if self._first_truth_s is None:
            return f"waiting for ground truth: {_publishers(self._truth)}"
        waited = time.monotonic() - self._first_truth_s
        if not self._evaluator.frames().detections and waited > _PATIENCE_S:
            return f"no detections come: {_publishers(self._detections)}"
        return ""

    def _doubts(self) -> Iterator[str]:
        for topic in (self._detections, self._truth):
            if topic.publishers > 1:
                yield f"{_publishers(topic)}, and their messages are mixed"

    def _source(self) -> dict[str, str]:
        return {"detections": self._detections.name, "ground_truth": self._truth.name}


def _publishers(topic: AnyQuality) -> str:
    count = topic.publishers
    return f"{topic.name} has {count or 'no'} publisher{'' if count == 1 else 's'}"


def main(args: list[str] | None = None) -> int:
    """Run the evaluator.

    Returns:
        0 when all was met that was asked, 1 when a threshold failed, 2 when nothing could be
        judged.
    """
    made: list[EvaluatorNode] = []

    def make() -> EvaluatorNode:
        made.append(EvaluatorNode())
        return made[0]

    return run("evaluator", make, args) or made[0].exit_code


if __name__ == "__main__":
    sys.exit(main())
