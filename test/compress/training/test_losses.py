"""What a student is taught."""

from __future__ import annotations

import pytest
import torch

from edge_compress.compress.training.assign import assign
from edge_compress.compress.training.boxes import generalized_iou, pairwise_iou
from edge_compress.compress.training.losses import (
    Targets,
    detection_loss,
    imitation_loss,
    soft_target_loss,
)
from edge_compress.compress.training.predictions import Predictions

TARGET = Targets(torch.tensor([[8.0, 8, 24, 24]]), torch.tensor([0.9]), torch.tensor([1]))


def test_overlaps_of_known_boxes():
    a = torch.tensor([[0.0, 0, 10, 10]])
    b = torch.tensor([[0.0, 0, 10, 5], [20.0, 0, 30, 10]])
    assert pairwise_iou(a, b)[0].tolist() == pytest.approx([0.5, 0.0], abs=1e-4)
    # Apart by a box's width: the hull is a third empty.
    assert generalized_iou(a, b[1:]).item() == pytest.approx(-1 / 3, abs=1e-4)


def test_each_object_gets_a_cell_and_no_cell_serves_two():
    generator = torch.Generator().manual_seed(0)
    corner = torch.rand(60, 2, generator=generator) * 50
    boxes = torch.cat([corner, corner + 12], 1)
    objects, cells = assign(
        boxes, torch.rand(60, 3, generator=generator), boxes[:5] + 1, torch.tensor([0, 1, 2, 0, 1])
    )
    assert set(objects.tolist()) == {0, 1, 2, 3, 4}
    assert len(set(cells.tolist())) == len(cells)


def test_the_cell_on_the_object_is_chosen():
    boxes = torch.tensor([[40.0, 40, 60, 60], [8.0, 8, 25, 24], [0.0, 0, 4, 4]])
    objects, cells = assign(boxes, torch.full((3, 2), 0.5), TARGET.boxes, TARGET.class_ids)
    assert (objects.tolist(), cells.tolist()) == ([0], [1])


def test_an_object_of_two_classes_keeps_a_cell_for_the_less_likely_one():
    boxes = TARGET.boxes.expand(5, 4)  # every cell is wanted by both
    scores = torch.tensor([[0.6, 0.3], [0.6, 0.3], [0.6, 0.3], [0.6, 0.5], [0.7, 0.3]])
    both = TARGET.boxes.expand(2, 4)
    objects, cells = assign(boxes, scores, both, torch.tensor([0, 1]))
    assert cells[objects == 1].tolist() == [3]
    assert (objects == 0).sum() > 0


def test_imitation_is_least_for_the_teachers_own_answers():
    teacher = Predictions(torch.tensor([[[8.0, 8, 24, 24]]]), torch.tensor([[[0.7, 0.1]]]))
    shifted = Predictions(teacher.boxes + 4, teacher.scores)
    unsure = Predictions(teacher.boxes, teacher.scores * 0.5)
    least = imitation_loss(teacher, teacher)
    assert least.item() == pytest.approx(0, abs=1e-4)
    assert imitation_loss(shifted, teacher) > least + 0.1
    assert imitation_loss(unsure, teacher) > least + 0.01


def test_descending_the_loss_finds_the_teachers_box_and_score():
    boxes = torch.tensor([[[6.0, 10, 20, 22], [40.0, 40, 60, 60]]]).requires_grad_()
    logits = torch.zeros(1, 2, 2).requires_grad_()
    optimizer = torch.optim.Adam([boxes, logits], lr=0.1)
    for _ in range(300):
        optimizer.zero_grad()
        detection_loss(Predictions(boxes, logits.sigmoid()), [TARGET]).backward()
        optimizer.step()
    assert pairwise_iou(boxes[0, :1].detach(), TARGET.boxes).item() > 0.9
    scores = logits.detach().sigmoid()[0]
    assert scores[0, 1].item() == pytest.approx(0.9, abs=0.05)
    assert max(scores[0, 0].item(), scores[1].max().item()) < 0.1


def test_a_frame_with_nothing_in_it_teaches_silence():
    nothing = Targets(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, dtype=torch.int64))
    scores = torch.full((1, 3, 2), 0.5).requires_grad_()
    detection_loss(Predictions(torch.zeros(1, 3, 4), scores), [nothing]).backward()
    assert scores.grad is not None
    assert (scores.grad > 0).all()


def test_soft_targets_are_zero_only_for_the_same_distribution():
    teacher = torch.tensor([[3.0, 1.0, 0.0]])
    assert soft_target_loss(teacher + 5, teacher, 2.0).item() == pytest.approx(0, abs=1e-6)
    assert soft_target_loss(-teacher, teacher, 2.0).item() > 0.1
