"""Which of a head's many cells is to answer for which object."""

from __future__ import annotations

import torch
from torch import Tensor

from edge_compress.compress.training.boxes import pairwise_iou

CANDIDATES = 10  # cells whose summed IoU says how many an object gets
BOX_WEIGHT = 3.0
FAR = 1e5


def assign(
    boxes: Tensor, scores: Tensor, wanted: Tensor, class_ids: Tensor
) -> tuple[Tensor, Tensor]:
    """SimOTA: each object takes the few cells that cost least, each cell serves one object.

    An object's cells are those whose predicted centre lies in its box. How many it takes is the
    sum of its best IoUs. Ge et al., "YOLOX", arXiv:2107.08430, section 2.

    Args:
        boxes: predicted, xyxy [cells, 4].
        scores: predicted, 0-1, [cells, classes].
        wanted: boxes of the objects, xyxy [objects, 4].
        class_ids: classes of the objects, [objects].

    Returns:
        (objects, cells): two int64 tensors of equal length, a pair an assignment.
    """
    iou = pairwise_iou(wanted, boxes)
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    inside = (centre[None] > wanted[:, None, :2]) & (centre[None] < wanted[:, None, 2:])
    near = inside.all(-1)
    likelihood = scores[:, class_ids].T.clamp(min=1e-6)
    cost = -likelihood.log() - BOX_WEIGHT * (iou + 1e-7).log() + FAR * ~near
    best = iou.masked_fill(~near, 0).topk(min(CANDIDATES, len(boxes)), dim=1).values
    counts = best.sum(1).int().clamp(min=1)
    taken = torch.zeros_like(near)
    for index, count in enumerate(counts.tolist()):
        taken[index, cost[index].topk(count, largest=False).indices] = True
    # A cell that several want goes to the one whose best cell is the least better. By plain cost an
    # object of two likely classes would lose the second: the first takes all its cells.
    regret = cost - cost.amin(1, keepdim=True)
    owner = torch.where(taken, regret, torch.inf).argmin(0)
    taken &= owner == torch.arange(len(wanted))[:, None]
    objects, cells = taken.nonzero(as_tuple=True)
    return objects, cells
