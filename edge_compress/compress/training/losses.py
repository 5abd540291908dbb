"""What a student is told when it differs from its teacher."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from edge_compress.compress.training.assign import assign
from edge_compress.compress.training.boxes import generalized_iou
from edge_compress.compress.training.predictions import Predictions

BOX_WEIGHT = 2.0
SEEN = 0.05  # cells that the teacher scores below this have no box worth learning


class Targets(NamedTuple):
    """What is to be seen in one frame: boxes xyxy [n, 4] in network pixels, scores, classes."""

    boxes: Tensor
    scores: Tensor
    class_ids: Tensor


def detection_loss(found: Predictions, targets: Sequence[Targets]) -> Tensor:
    """Loss against final detections of a teacher, whatever grid or input size it has, or labels.

    The score of an assigned cell is to be the target's, of all others 0 (quality focal loss, Li et
    al., arXiv:2006.04388); its box is to overlap (GIoU), weighted by the teacher's confidence.
    """
    wanted = torch.zeros_like(found.scores)
    box_loss = found.boxes.new_zeros(())
    weight = found.boxes.new_zeros(())
    for index, target in enumerate(targets):
        if not len(target.scores):
            continue
        boxes, scores = found.boxes[index], found.scores[index]
        objects, cells = assign(boxes.detach(), scores.detach(), target.boxes, target.class_ids)
        confidence = target.scores[objects]
        wanted[index, cells, target.class_ids[objects]] = confidence
        overlap = generalized_iou(boxes[cells], target.boxes[objects])
        box_loss = box_loss + ((1 - overlap) * confidence).sum()
        weight = weight + confidence.sum()
    return (_quality_focal(found.scores, wanted) + BOX_WEIGHT * box_loss) / weight.clamp(min=1)


def imitation_loss(found: Predictions, teacher: Predictions) -> Tensor:
    """Loss against a teacher with the same cells: each cell is to answer as the teacher's does.

    Boxes are weighted by the teacher's confidence, since most cells see nothing. Chen et al.,
    "Learning Efficient Object Detection Models with Knowledge Distillation", NeurIPS 2017.
    """
    confidence = teacher.scores.amax(-1)
    seen = confidence > SEEN
    weight = confidence[seen]
    overlap = generalized_iou(found.boxes[seen], teacher.boxes[seen])
    box_loss = ((1 - overlap) * weight).sum()
    scores = _quality_focal(found.scores, teacher.scores)
    return (scores + BOX_WEIGHT * box_loss) / weight.sum().clamp(min=1)


def soft_target_loss(logits: Tensor, teacher_logits: Tensor, temperature: float) -> Tensor:
    """T² KL(teacher || student) of softened classes. Hinton et al., arXiv:1503.02531."""
    return temperature**2 * functional.kl_div(
        functional.log_softmax(logits / temperature, dim=-1),
        functional.log_softmax(teacher_logits / temperature, dim=-1),
        reduction="batchmean",
        log_target=True,
    )


def _quality_focal(scores: Tensor, wanted: Tensor) -> Tensor:
    scores = scores.clamp(1e-6, 1 - 1e-6)
    entropy = functional.binary_cross_entropy(scores, wanted, reduction="none")
    return ((wanted - scores).detach().square() * entropy).sum()
