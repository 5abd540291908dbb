"""What an evaluation says, as the JSON report has it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from edge_compress.scoring.settings import Check

SCHEMA_VERSION = 1
Verdict = Literal["passed", "failed", "not evaluated"]


class Part(BaseModel):
    """A part of the report; a figure that could not be measured is null."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Accuracy(Part):
    """All classes, or one.

    Attributes:
        objects: how many there were to find.
        found: of these, how many a detection has found.
        missed: how many none has.
        false: detections that have found nothing.
        precision: found of what was reported, 0-1.
        recall: found of what was there, 0-1.
        ap50: average precision at IoU 0.5; of all classes, the mean of them.
        ap: the same over IoU 0.5 to 0.95.
    """

    objects: int
    found: int
    missed: int
    false: int
    precision: float | None
    recall: float | None
    ap50: float | None = None
    ap: float | None = None


class OfSize(Part):
    """Objects of one size."""

    objects: int
    found: int
    missed: int
    recall: float | None


class Frames(Part):
    """What became of the messages.

    Attributes:
        truth: ground truth messages.
        detections: detections messages.
        scored: pairs of both.
        dropped: ground truth whose detections did not come in time.
        drop_share: dropped of scored and dropped, 0-1.
        before_detector: ground truth from before the first detections, which is no drop.
        in_flight: ground truth at the end, too new for its detections to have come.
        without_truth: detections of an image that has no ground truth.
        clock_jumps: how often ground truth's stamps went back.
        ignored_objects: too small, or of a class that is not scored.
        unreadable_boxes: not finite, or without an area.
        nearest_stamp_s: how far detections are from the nearest ground truth, the median.
    """

    truth: int
    detections: int
    scored: int
    dropped: int
    drop_share: float | None
    before_detector: int
    in_flight: int
    without_truth: int
    clock_jumps: int
    ignored_objects: int
    unreadable_boxes: int
    nearest_stamp_s: float | None


class Times(Part):
    """Percentiles of a latency in milliseconds, and how many measurements they are of."""

    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float
    count: int


class Latency(Part):
    """How long detections took.

    Attributes:
        stamp_to_arrival: from the image's stamp to the arrival of its detections, in the clock
            that stamps; None where clocks differ.
        after_truth: from the arrival of a frame's ground truth to that of its detections, in the
            clock of the wall, whatever the stamps are.
        unknown: detections whose latency would be less than nothing, or more than ten minutes.
        detector: what the detector says of itself on /diagnostics, in its own keys.
    """

    stamp_to_arrival: Times | None
    after_truth: Times | None
    unknown: int
    detector: dict[str, float]


class Evaluation(Part):
    """All of it.

    Attributes:
        problems: why nothing could be judged.
        remarks: what is doubtful about it.
        classes: by name.
        sizes: small, medium and large as COCO has them.
        checks: what was asked.
    """

    schema_version: int = SCHEMA_VERSION
    verdict: Verdict
    problems: tuple[str, ...]
    remarks: tuple[str, ...]
    checks: tuple[Check, ...]
    source: dict[str, str]
    settings: dict[str, Any]
    frames: Frames
    accuracy: Accuracy
    classes: dict[str, Accuracy]
    sizes: dict[str, OfSize]
    latency: Latency
