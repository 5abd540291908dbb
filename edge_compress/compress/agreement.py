"""How well a candidate agrees with the original: agreement, never accuracy."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from edge_compress.vision.detections import Detections

REFERENCE_SCORE = 0.3  # the original's detections from here on count as what is to be found
FOUND_SCORE = 0.01  # the candidate's, so that the whole precision-recall curve is there


@dataclass(frozen=True)
class Agreement:
    """Average precision against the original's detections.

    Attributes:
        ap50: mean over the classes of the reference, 0-1; 1.0 when neither saw anything.
        per_class: the same by class name.
    """

    ap50: float
    per_class: dict[str, float] = field(default_factory=dict)


def agreement_ap50(reference: Sequence[Detections], found: Sequence[Detections]) -> Agreement:
    """COCO AP at IoU 0.5, area all, at most 100 detections a frame.

    Lin et al., "Microsoft COCO", arXiv:1405.0312, as pycocotools computes it.

    Args:
        reference: the original's detections, a frame each; scores below 0.3 are left out.
        found: the candidate's detections of the same frames, decoded at confidence 0.01.

    Raises:
        ValueError: when the two do not have a frame for a frame.
    """
    if len(reference) != len(found):
        raise ValueError(f"{len(reference)} reference frames, but {len(found)} found")
    truth = [_above(detections, REFERENCE_SCORE) for detections in reference]
    classes = sorted({int(i) for detections in truth for i in detections.class_ids})
    if not classes:  # an empty reference is agreed with by seeing nothing
        seen = any(len(_above(detections, REFERENCE_SCORE)) for detections in found)
        return Agreement(0.0 if seen else 1.0)
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints as it goes
        per_class = _average_precision(truth, found, classes)
    labels = reference[0].labels
    named = {labels[i] if i < len(labels) else str(i): ap for i, ap in per_class.items()}
    return Agreement(float(np.mean(list(per_class.values()))), named)


def agreement_top1(reference: Sequence[Detections], found: Sequence[Detections]) -> float:
    """Share of frames whose best class is the original's best class, 0-1."""
    if len(reference) != len(found):
        raise ValueError(f"{len(reference)} reference frames, but {len(found)} found")
    same = [
        a.class_ids[:1].tolist() == b.class_ids[:1].tolist()
        for a, b in zip(reference, found, strict=True)
    ]
    return float(np.mean(same)) if same else 1.0


def _above(detections: Detections, score: float) -> Detections:
    kept = detections.scores >= score
    return Detections(
        detections.boxes[kept],
        detections.scores[kept],
        detections.class_ids[kept],
        detections.labels,
    )


def _average_precision(
    truth: Sequence[Detections], found: Sequence[Detections], classes: list[int]
) -> dict[int, float]:
    reference = COCO()
    reference.dataset = {
        "images": [{"id": frame} for frame in range(1, len(truth) + 1)],
        "categories": [{"id": i} for i in classes],
        "annotations": [
            {**row, "id": number, "iscrowd": 0} for number, row in enumerate(_rows(truth), start=1)
        ],
    }
    reference.createIndex()
    results = COCO()
    results.dataset = {
        **reference.dataset,
        "annotations": [
            {**row, "id": number, "iscrowd": 0}
            for number, row in enumerate(_rows(found), start=1)
            if row["category_id"] in classes
        ],
    }
    results.createIndex()
    evaluation = COCOeval(reference, results, "bbox")
    evaluation.params.iouThrs = np.array([0.5])
    evaluation.params.areaRng = [[0.0, 1e10]]
    evaluation.params.areaRngLbl = ["all"]
    evaluation.params.maxDets = [100]
    evaluation.evaluate()
    evaluation.accumulate()
    precision = evaluation.eval["precision"]  # [iou, recall, class, area, max detections]
    means = precision[0, :, :, 0, 0].mean(axis=0)
    return {i: round(float(means[place]), 9) for place, i in enumerate(classes)}  # sums of 1.0 err


def _rows(frames: Sequence[Detections]) -> list[dict[str, Any]]:
    """COCO's annotations; ids of images begin at 1, since pycocotools takes 0 for nothing."""
    rows = []
    for image, detections in enumerate(frames, start=1):
        for detection in detections:
            x1, y1, x2, y2 = (float(v) for v in detection.box)
            rows.append(
                {
                    "image_id": image,
                    "category_id": detection.class_id,
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    "area": (x2 - x1) * (y2 - y1),
                    "score": float(detection.score),
                }
            )
    return rows
