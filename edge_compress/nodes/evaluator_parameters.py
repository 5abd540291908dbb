"""The evaluator's parameters."""

from __future__ import annotations

from edge_compress.nodes.parameters import Parameter, Parameters
from edge_compress.scoring.classes import parse_class_map
from edge_compress.scoring.settings import Limits, Settings

EVALUATOR_PARAMETERS = (
    Parameter(
        "report",
        "",
        "Folder for evaluation.json and evaluation.html at the end; empty for none.",
        path=True,
    ),
    Parameter(
        "tolerance_s",
        0.005,
        "How far the stamps of ground truth and detections of one image may be apart, in seconds.",
        low=0,
        high=10,
    ),
    Parameter(
        "wait_s",
        10.0,
        "Seconds of the wall that ground truth waits for its detections before it is a drop.",
        low=0.1,
        high=600,
    ),
    Parameter(
        "iou_threshold",
        0.5,
        "Overlap (IoU) from which on a detection has found an object.",
        low=0.05,
        high=1,
    ),
    Parameter(
        "score_threshold",
        0.3,
        "Detections with a lower score count for AP alone.",
        low=0,
        high=1,
    ),
    Parameter(
        "min_size_px",
        0.0,
        "Objects narrower or lower than this are neither hits nor misses.",
        low=0,
        high=16384,
    ),
    Parameter(
        "class_map",
        [],
        'From ground truth\'s classes to the detector\'s, such as "16:cat"; "16:" ignores a class.',
    ),
    Parameter("classes", [], "Classes to score, in the detector's names; empty for all."),
    Parameter(
        "frames",
        0,
        "End after so many ground truth frames; 0 goes on.",
        low=0,
        high=2**31 - 1,
    ),
    Parameter(
        "idle_timeout_s",
        0.0,
        "End when no ground truth came for so many seconds after the first; 0 goes on.",
        low=0,
        high=86400,
    ),
    Parameter("min_precision", 0.0, "Fail below this; 0 asks nothing.", low=0, high=1),
    Parameter("min_recall", 0.0, "Fail below this; 0 asks nothing.", low=0, high=1),
    Parameter("min_ap50", 0.0, "Fail when AP at IoU 0.5 is below; 0 asks nothing.", low=0, high=1),
    Parameter(
        "min_ap", 0.0, "Fail when AP over IoU 0.5 to 0.95 is below; 0 asks nothing.", low=0, high=1
    ),
    Parameter(
        "max_latency_p99_ms",
        0.0,
        "Fail when the p99 from stamp to arrival is above; 0 asks nothing.",
        low=0,
        high=600_000,
    ),
    Parameter(
        "max_drop_share",
        0.0,
        "Fail when a larger share of the frames had no detections; 0 asks nothing.",
        low=0,
        high=1,
    ),
    Parameter(
        "min_frames",
        1,
        "Frames that must have been scored for a verdict.",
        low=1,
        high=2**31 - 1,
    ),
    Parameter(
        "diagnostics_period_s",
        1.0,
        "Seconds between two reports.",
        low=0.05,
        high=60,
    ),
)


def read_settings(parameters: Parameters) -> Settings:
    """Return how to score.

    Raises:
        ScoringError: `class_map` cannot be read.
    """
    return Settings(
        tolerance_s=parameters["tolerance_s"],
        iou_threshold=parameters["iou_threshold"],
        score_threshold=parameters["score_threshold"],
        min_size_px=parameters["min_size_px"],
        class_map=parse_class_map(parameters["class_map"]),
        classes=tuple(parameters["classes"]),
        wait_s=parameters["wait_s"],
    )


def read_limits(parameters: Parameters) -> Limits:
    """Return what is asked."""
    return Limits(
        min_precision=parameters["min_precision"],
        min_recall=parameters["min_recall"],
        min_ap50=parameters["min_ap50"],
        min_ap=parameters["min_ap"],
        max_latency_p99_ms=parameters["max_latency_p99_ms"],
        max_drop_share=parameters["max_drop_share"],
        min_frames=parameters["min_frames"],
    )
