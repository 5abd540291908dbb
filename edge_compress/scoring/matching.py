"""Which detection has found which object, at many IoU thresholds at once, as COCO decides it.

Lin et al., "Microsoft COCO", arXiv:1405.0312; `COCOeval.evaluateImg` of pycocotools is the
definition. There each detection of each image and class is looked at in a loop. Here the detections
of the same rank of all images and classes are looked at together, and only beside the objects that
they overlap at all: what is left to loop over is the rank, at most 100.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# What COCO averages over; linspace, so that the numbers are those of pycocotools to the last bit.
IOU_THRESHOLDS: NDArray[np.float64] = np.linspace(0.5, 0.95, 10)
MAX_DETECTIONS = 100  # of a class in a frame, best scores first

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Matches:
    """What was found by what.

    Attributes:
        detections: int64 [m], the detections that count, by group and then by score.
        truth: int64 [m, t], the object that each has found at each threshold; -1 for none.
    """

    detections: Ints
    truth: Ints


def match(
    truth_groups: Ints,
    truth_boxes: Floats,
    ignored: Bools,
    groups: Ints,
    boxes: Floats,
    scores: Floats,
    thresholds: Floats,
) -> Matches:
    """Give each detection the object that it overlaps most and that no better one has taken.

    An object that is ignored is taken only by a detection that can have no other.

    Args:
        truth_groups: [g], frame and class of each object, as one number.
        truth_boxes: [g, 4], left, top, width, height.
        ignored: [g], objects that need not be found.
        groups: [n], frame and class of each detection, in the same numbers.
        boxes: [n, 4].
        scores: [n].
        thresholds: [t], least IoU, 0-1.
    """
    order = np.lexsort((-scores, groups))  # stable: of equal scores, the first in the message
    rank = _rank(groups[order])
    order, rank = order[rank < MAX_DETECTIONS], rank[rank < MAX_DETECTIONS]
    least = np.minimum(thresholds, 1 - 1e-10)
    place, target = pairs_within(groups[order], truth_groups)
    overlap = iou(boxes[order][place], truth_boxes[target])
    near = overlap >= least.min()
    place, target, overlap = place[near], target[near], overlap[near]
    # The order in which COCO would take them: of equal ones the last object.
    by_choice = np.lexsort((-target, -overlap, ignored[target], place, rank[place]))
    place, target = place[by_choice], target[by_choice]
    reached = overlap[by_choice, None] >= least
    taken = np.zeros((len(truth_groups), len(least)), np.bool_)
    found = np.full((len(order), len(least)), -1, np.int64)
    ends = np.searchsorted(rank[place], np.arange(MAX_DETECTIONS + 1))
    for begin, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
        if begin < end:
            _take(place[begin:end], target[begin:end], reached[begin:end], taken, found)
    return Matches(order, found)


def _take(place: Ints, target: Ints, reached: Bools, taken: Bools, found: Ints) -> None:
    """Let detections take their objects; no two of them are of one frame and class.

    Args:
        place: [p], the detection of each pair, in order.
        target: [p], its object, best first.
        reached: [p, t], whether the pair overlaps enough.
        taken: [g, t], which is written to.
        found: [m, t], likewise.
    """
    free = reached & ~taken[target]
    count = len(place)
    first = np.flatnonzero(np.diff(place, prepend=-1))
    choice = np.minimum.reduceat(np.where(free, np.arange(count)[:, None], count), first, axis=0)
    which, threshold = np.nonzero(choice < count)
    chosen = target[choice[which, threshold]]
    taken[chosen, threshold] = True
    found[place[first][which], threshold] = chosen


def pairs_within(groups: Ints, other_groups: Ints) -> tuple[Ints, Ints]:
    """Pair each item with all others of its group.

    Returns:
        Their indices, in order of the first.
    """
    order = np.argsort(other_groups, kind="stable")
    ordered = other_groups[order]
    begin = np.searchsorted(ordered, groups, "left")
    counts = np.searchsorted(ordered, groups, "right") - begin
    first = np.repeat(np.arange(len(groups)), counts)
    within = np.arange(len(first)) - np.repeat(np.cumsum(counts) - counts, counts)
    return first, order[np.repeat(begin, counts) + within]


def iou(boxes: Floats, others: Floats) -> Floats:
    """Intersection over union of each box with the other of its row.

    In the order of pycocotools' own arithmetic, so that what lies just at a threshold falls on the
    same side.

    Args:
        boxes: [n, 4], left, top, width, height.
        others: [n, 4], likewise.
    """
    left, top, width, height = boxes.T
    other_left, other_top, other_width, other_height = others.T
    across = np.minimum(width + left, other_width + other_left) - np.maximum(left, other_left)
    down = np.minimum(height + top, other_height + other_top) - np.maximum(top, other_top)
    both = np.maximum(across, 0.0) * np.maximum(down, 0.0)
    union = width * height + other_width * other_height - both
    overlap: Floats = both / np.maximum(union, np.finfo(np.float64).tiny)  # guards 0 / 0 alone
    return overlap


def _rank(groups: Ints) -> Ints:
    """Count from 0 within each run of equal numbers."""
    places = np.arange(len(groups))
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    return places - np.repeat(starts, np.diff(starts, append=len(groups)))
