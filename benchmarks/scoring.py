"""`python -m benchmarks.scoring`: our scoring against pycocotools, on the same frames.

Both take turns in one process, and the figure is the ratio of each pair of turns. pycocotools is
asked for no more than we give: one area, at most 100 detections. Its data is indexed beforehand,
while ours is counted from the frames on, as they come from messages.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from edge_compress.scoring.frame import Frame
from edge_compress.scoring.tally import Tally

CLASSES = (1, 10)  # the fewer, the more boxes must be compared


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scoring", description=__doc__)
    parser.add_argument("--frames", type=int, default=10_000)
    parser.add_argument("--boxes", type=int, default=20, help="a frame")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE")
    args = parser.parse_args(argv)
    results = [compare(args.frames, args.boxes, classes, args.turns) for classes in CLASSES]
    for result in results:
        print(
            f"{result['frames']} frames x {result['boxes']} boxes, {result['classes']} class(es): "
            f"{result['ours_s']:.2f} s, pycocotools {result['pycocotools_s']:.1f} s: "
            f"{result['ratio']:.1f} times faster ({result['ratio_low']:.1f} to "
            f"{result['ratio_high']:.1f}); AP {result['ap']:.4f}, differs by "
            f"{result['ap_difference']:.1e}"
        )
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return 0


def compare(frames: int, boxes: int, classes: int, turns: int) -> dict[str, Any]:
    """Score the same frames in turns; times are medians in seconds."""
    truths, founds = invent(frames, boxes, classes)
    reference, results = as_coco(truths, classes), as_coco(founds, classes)
    times = []
    for _ in range(turns):
        began = time.perf_counter()
        ours = score(truths, founds)
        between = time.perf_counter()
        theirs = score_with_pycocotools(reference, results)
        times.append((between - began, time.perf_counter() - between))
    seconds = np.array(times)
    ratios = seconds[:, 1] / seconds[:, 0]
    return {
        "frames": frames,
        "boxes": boxes,
        "classes": classes,
        "turns": turns,
        "ours_s": float(np.median(seconds[:, 0])),
        "pycocotools_s": float(np.median(seconds[:, 1])),
        "ratio": float(np.median(ratios)),
        "ratio_low": float(ratios.min()),
        "ratio_high": float(ratios.max()),
        "ap": ours,
        "ap_difference": abs(ours - theirs),
    }


def score(truths: Sequence[Frame], founds: Sequence[Frame]) -> float:
    """Return AP over IoU 0.5 to 0.95 by our own count, which counts hits and misses besides."""
    tally = Tally()
    for truth, found in zip(truths, founds, strict=True):
        tally.add(truth, found)
    mean = tally.curves().mean
    assert mean is not None
    return float(mean.mean())


def score_with_pycocotools(reference: COCO, results: COCO) -> float:
    """Return the same figure by pycocotools."""
    with contextlib.redirect_stdout(io.StringIO()):  # it prints as it goes
        evaluation = COCOeval(reference, results, "bbox")
        evaluation.params.areaRng = [[0.0, 1e10]]
        evaluation.params.areaRngLbl = ["all"]
        evaluation.params.maxDets = [100]
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"]
    return float(precision[precision > -1].mean())


def invent(frames: int, boxes: int, classes: int) -> tuple[list[Frame], list[Frame]]:
    """Return as many objects and detections a frame; most detections are of an object."""
    rng = np.random.default_rng(0)
    names = [str(number) for number in range(1, classes + 1)]
    truths, founds = [], []
    for number in range(frames):
        there = np.concatenate(
            [rng.uniform(0, 560, (boxes, 2)), rng.uniform(16, 160, (boxes, 2))], axis=1
        )
        which = rng.integers(0, classes, boxes)
        found = there + rng.normal(0, 0.07, (boxes, 4)) * there[:, [2, 3, 2, 3]]
        invented = rng.random(boxes) < 0.2
        found[invented, :2] = rng.uniform(0, 560, (int(invented.sum()), 2))
        truths.append(_frame(number, there, np.ones(boxes), [names[i] for i in which]))
        scores = rng.random(boxes) * np.where(invented, 0.8, 1.0)
        founds.append(_frame(number, found, scores, [names[i] for i in which]))
    return truths, founds


def as_coco(frames: Sequence[Frame], classes: int) -> COCO:
    """Return frames as pycocotools has them."""
    side = COCO()
    side.dataset = {
        "images": [{"id": number} for number in range(1, len(frames) + 1)],
        "categories": [{"id": number} for number in range(1, classes + 1)],
        "annotations": [
            {
                "image_id": number,
                "category_id": int(name),
                "bbox": box,
                "area": box[2] * box[3],
                "score": score,
                "iscrowd": 0,
            }
            for number, frame in enumerate(frames, 1)
            for box, score, name in zip(
                frame.boxes.tolist(), frame.scores.tolist(), frame.names, strict=True
            )
        ],
    }
    for number, annotation in enumerate(side.dataset["annotations"], 1):
        annotation["id"] = number
    with contextlib.redirect_stdout(io.StringIO()):
        side.createIndex()
    return side


def _frame(number: int, boxes: Any, scores: Any, names: list[str]) -> Frame:
    return Frame(number, boxes, scores, tuple(names))


if __name__ == "__main__":
    raise SystemExit(main())
