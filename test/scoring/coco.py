"""The same frames scored by pycocotools."""

from __future__ import annotations

import contextlib
import io

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def as_coco(truths, founds):
    """Return both sides as pycocotools has them, and the classes in order of their ids."""
    names = sorted({name for frame in (*truths, *founds) for name in frame.names})
    ids = {name: number for number, name in enumerate(names, 1)}
    images = [{"id": number} for number in range(1, len(truths) + 1)]
    sides = []
    for frames in (truths, founds):
        side = COCO()
        rows = (
            (number, *row)
            for number, frame in enumerate(frames, 1)
            for row in zip(frame.boxes.tolist(), frame.scores.tolist(), frame.names, strict=True)
        )
        side.dataset = {
            "images": images,
            "categories": [{"id": number} for number in ids.values()],
            "annotations": [
                {
                    "id": number, "image_id": image, "category_id": ids[name], "bbox": box,
                    "area": box[2] * box[3], "score": score, "iscrowd": 0,
                }
                for number, (image, box, score, name) in enumerate(rows, 1)
            ],
        }  # fmt: skip
        with contextlib.redirect_stdout(io.StringIO()):
            side.createIndex()
        sides.append(side)
    return *sides, names


def evaluate(reference, results, area=(0.0, 1e10)):
    """Return precision [10, 101, classes] of boxes of an area; -1 for a class without any."""
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(reference, results, "bbox")
        evaluation.params.areaRng = [list(area)]
        evaluation.params.areaRngLbl = ["all"]
        evaluation.params.maxDets = [100]
        evaluation.evaluate()
        evaluation.accumulate()
    return np.asarray(evaluation.eval["precision"])[..., 0, 0]
