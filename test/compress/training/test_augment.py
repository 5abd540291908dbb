"""A varied frame and its boxes stay together."""

from __future__ import annotations

import torch

from edge_compress.compress.training.augment import SHIFT, augment
from edge_compress.compress.training.losses import Targets


def test_boxes_follow_what_they_frame():
    generator = torch.Generator().manual_seed(0)
    image = torch.full((3, 64, 96), 60.0)
    image[:, 30:40, 50:70] = 200.0
    target = Targets(torch.tensor([[50.0, 30, 70, 40]]), torch.ones(1), torch.zeros(1).long())
    places = set()
    for _ in range(30):
        varied, moved = augment(image, target, 114, generator)
        x1, y1, x2, y2 = (int(v) for v in moved.boxes[0])
        bright = (varied[0] > 150).nonzero()
        assert bright.min(0).values.tolist() == [y1, x1]
        assert bright.max(0).values.tolist() == [y2 - 1, x2 - 1]
        places.add((x1, y1))
    assert len(places) > 10


def test_a_box_that_leaves_the_frame_is_forgotten():
    generator = torch.Generator().manual_seed(0)
    edge = Targets(torch.tensor([[0.0, 0, 4, 4]]), torch.ones(1), torch.zeros(1).long())
    kept = [len(augment(torch.zeros(3, 64, 64), edge, 0, generator)[1].boxes) for _ in range(40)]
    assert SHIFT > 4
    assert 0 in kept
    assert 1 in kept
