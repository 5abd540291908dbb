"""How detections are scored, and what is asked of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_compress.scoring.result import Evaluation


@dataclass(frozen=True)
class Settings:
    """How detections are scored.

    Attributes:
        tolerance_s: how far the stamps of ground truth and detections of one image may be apart.
        iou_threshold: overlap from which on a detection has found an object, 0-1.
        score_threshold: detections with a lower score count for AP alone, 0-1.
        min_size_px: objects narrower or lower need not be found.
        class_map: from ground truth's names to the detector's; "" for a class to be ignored.
        classes: those that are scored, in the detector's names; empty for all.
        wait_s: how long a frame waits for its detections before it counts as dropped.
    """

    tolerance_s: float = 0.005
    iou_threshold: float = 0.5
    score_threshold: float = 0.3
    min_size_px: float = 0.0
    class_map: Mapping[str, str] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    wait_s: float = 10.0


@dataclass(frozen=True)
class Check:
    """One thing that was asked, and what came out; None when that could not be measured."""

    name: str
    limit: float
    value: float | None
    met: bool

    def __str__(self) -> str:
        relation = "at least" if self.name.startswith("min_") else "at most"
        what = self.name.partition("_")[2]
        value = "not known" if self.value is None else f"{self.value:.4g}"
        return f"{what} is {value}, {relation} {self.limit:.4g} was asked"


@dataclass(frozen=True)
class Limits:
    """What is asked of the detector; 0 where nothing is.

    Attributes:
        min_precision: 0-1, of all classes together.
        min_recall: 0-1, of all classes together.
        min_ap50: 0-1, AP at IoU 0.5, mean of the classes.
        min_ap: 0-1, AP over IoU 0.5 to 0.95, mean of the classes.
        max_latency_p99_ms: from the stamp to the arrival of the detections.
        max_drop_share: 0-1, of the frames that the detector should have answered.
        min_frames: so many must have been scored, or nothing is judged.
    """

    min_precision: float = 0.0
    min_recall: float = 0.0
    min_ap50: float = 0.0
    min_ap: float = 0.0
    max_latency_p99_ms: float = 0.0
    max_drop_share: float = 0.0
    min_frames: int = 1

    def checks(self, evaluation: Evaluation) -> Iterator[Check]:
        """Hold a result against each limit that was set.

        What could not be measured is not met, but for one: where there was nothing to find and
        nothing was reported, precision has done no wrong.
        """
        accuracy, latency = evaluation.accuracy, evaluation.latency.stamp_to_arrival
        figures = {
            "min_precision": accuracy.precision,
            "min_recall": accuracy.recall,
            "min_ap50": accuracy.ap50,
            "min_ap": accuracy.ap,
            "max_latency_p99_ms": latency.p99_ms if latency else None,
            "max_drop_share": evaluation.frames.drop_share,
        }
        for name, value in figures.items():
            limit = float(getattr(self, name))
            if limit <= 0:
                continue
            if value is None:
                met = name == "min_precision" and accuracy.objects == 0
            else:
                met = value >= limit if name.startswith("min_") else value <= limit
            # Told as 0 where it is so small that it asks for none at all.
            yield Check(name, round(limit, 6), value, met)
