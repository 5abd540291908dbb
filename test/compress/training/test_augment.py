"""A varied frame and its boxes stay together."""

from __future__ import annotations

import pytest
import torch

from edge_compress.compress.training.augment import augment, augment_batch
from edge_compress.compress.training.losses import Targets
from edge_compress.compress.training.schedule import Augmentation

MUCH = Augmentation(shift=0.25)


def test_boxes_follow_what_they_frame():
    generator = torch.Generator().manual_seed(0)
    image = torch.full((3, 64, 96), 60.0)
    image[:, 30:40, 50:70] = 200.0
    target = Targets(torch.tensor([[50.0, 30, 70, 40]]), torch.ones(1), torch.zeros(1).long())
    places = set()
    for _ in range(30):
        varied, (moved,) = augment(image, [target], MUCH, 114, generator)
        x1, y1, x2, y2 = (int(v) for v in moved.boxes[0])
        bright = (varied[0] > 150).nonzero()
        assert bright.min(0).values.tolist() == [y1, x1]
        assert bright.max(0).values.tolist() == [y2 - 1, x2 - 1]
        places.add((x1, y1))
    assert len(places) > 10


@pytest.mark.parametrize(("height", "width"), [(24, 80), (80, 24)])
def test_no_move_takes_the_frame_out_of_a_wide_or_high_input(height, width):
    """The largest move is a share of each side, so that half of the frame stays at least."""
    generator = torch.Generator().manual_seed(0)
    how = Augmentation(shift=0.5, contrast=0, brightness=0)
    images = torch.full((60, 3, height, width), 200.0)
    one_by_one = torch.stack([augment(image, [], how, 0, generator)[0] for image in images])
    for varied in (one_by_one, augment_batch(images, how, 0, generator)):
        kept = varied[:, 0] > 0
        rows, columns = kept.any(2).sum(1), kept.any(1).sum(1)
        assert height // 2 <= rows.min() < 0.6 * height
        assert width // 2 <= columns.min() < 0.6 * width


def test_a_box_that_leaves_the_frame_is_forgotten():
    generator = torch.Generator().manual_seed(0)
    edge = Targets(torch.tensor([[0.0, 0, 4, 4]]), torch.ones(1), torch.zeros(1).long())
    kept = [
        len(augment(torch.zeros(3, 64, 64), [edge], MUCH, 0, generator)[1][0].boxes)
        for _ in range(40)
    ]
    assert 0 in kept
    assert 1 in kept


def test_frames_of_a_batch_are_each_varied_in_their_own_way():
    generator = torch.Generator().manual_seed(0)
    images = torch.zeros(64, 3, 32, 32)
    images[:, :, 10:14, 20:25] = 250.0
    how = Augmentation(shift=0.125, contrast=0, brightness=0)
    varied = augment_batch(images, how, 0, generator)
    assert varied.shape == images.shape
    corners = set()
    for image in varied:
        bright = (image[0] > 150).nonzero()
        (top, left), (bottom, right) = bright.min(0).values.tolist(), bright.max(0).values.tolist()
        assert (bottom - top, right - left) == (3, 4), "nothing is cut or torn"
        assert abs(top - 10) <= 4
        assert min(abs(left - 20), abs(left - (32 - 25))) <= 4, "where it was, or mirrored"
        corners.add((top, left))
    assert len(corners) > 20


def test_nothing_is_varied_that_is_switched_off():
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(8, 3, 20, 30) * 255
    still = Augmentation(mirror=False, shift=0, contrast=0, brightness=0)
    assert torch.equal(augment_batch(images, still, 0, generator), images)
    assert torch.equal(augment(images[0], [], still, 0, generator)[0], images[0])
