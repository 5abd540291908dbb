"""Frames shown a little differently: mirrored, moved, brighter or darker."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from edge_compress.compress.training.boxes import area
from edge_compress.compress.training.losses import Targets
from edge_compress.compress.training.schedule import Augmentation

VISIBLE = 0.4  # share of a box that must stay in the frame


def augment(
    image: Tensor,
    targets: Sequence[Targets],
    how: Augmentation,
    pad_value: int,
    generator: torch.Generator,
) -> tuple[Tensor, list[Targets]]:
    """Vary one frame and move its boxes with it.

    Args:
        image: pixels 0-255, float32 [3, height, width].
        targets: boxes in network pixels, of the teacher, of labels, or of both.
        how: how much.
        pad_value: what the moved image uncovers is filled with.
        generator: where chance comes from.
    """
    mirrored = bool(torch.rand(1, generator=generator) < 0.5) and how.mirror
    right, down = (
        int(torch.randint(-most, most + 1, (), generator=generator))
        for most in _largest_moves(how, image)
    )
    contrast, brightness = (torch.rand(2, generator=generator) * 2 - 1).tolist()
    image = image * (1 + how.contrast * contrast) + how.brightness * brightness
    image = image.clamp(0, 255)
    if mirrored:
        image = image.flip(-1)
    image = _moved(image, right, down, float(pad_value))
    height, width = image.shape[1:]
    return image, [_follow(t, height, width, mirrored, right, down) for t in targets]


def augment_batch(
    images: Tensor, how: Augmentation, pad_value: int, generator: torch.Generator
) -> Tensor:
    """Vary frames without boxes, each in its own way, all at once.

    Args:
        images: pixels 0-255, float32 [n, 3, height, width].
        how: how much.
        pad_value: what a moved image uncovers is filled with.
        generator: where chance comes from.
    """
    count, _, height, width = images.shape
    if how.mirror:
        mirrored = torch.rand(count, generator=generator) < 0.5
        images = torch.where(mirrored[:, None, None, None], images.flip(-1), images)
    if how.contrast or how.brightness:
        contrast, brightness = torch.rand(2, count, 1, 1, 1, generator=generator) * 2 - 1
        images = images * (1 + how.contrast * contrast) + how.brightness * brightness
        images = images.clamp(0, 255)
    most_right, most_down = _largest_moves(how, images)
    if not most_right and not most_down:
        return images
    sides = [most_right, most_right, most_down, most_down]
    padded = functional.pad(images, sides, value=float(pad_value))
    down = torch.randint(0, 2 * most_down + 1, (count, 1), generator=generator)
    right = torch.randint(0, 2 * most_right + 1, (count, 1), generator=generator)
    rows, columns = down + torch.arange(height), right + torch.arange(width)
    each = torch.arange(count)[:, None, None]
    # The channels are not indexed, so they come last.
    return padded[each, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _largest_moves(how: Augmentation, images: Tensor) -> tuple[int, int]:
    """To the right and down, in pixels; half of each side at most, so some of it stays in view."""
    height, width = images.shape[-2:]
    return round(how.shift * width), round(how.shift * height)


def _moved(image: Tensor, right: int, down: int, fill: float) -> Tensor:
    """The image shifted by whole pixels, negative for left and up."""
    moved = torch.full_like(image, fill)
    height, width = image.shape[1:]
    moved[:, max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)] = image[
        :, max(-down, 0) : height + min(-down, 0), max(-right, 0) : width + min(-right, 0)
    ]
    return moved


def _follow(
    target: Targets, height: int, width: int, mirrored: bool, right: int, down: int
) -> Targets:
    boxes = target.boxes
    if mirrored:
        x1, y1, x2, y2 = boxes.unbind(-1)
        boxes = torch.stack([width - x2, y1, width - x1, y2], dim=-1)
    boxes = boxes + torch.tensor([right, down, right, down])
    inside = torch.min(boxes.clamp(min=0), torch.tensor([width, height, width, height]))
    kept = area(inside) > VISIBLE * area(boxes)
    return Targets(inside[kept], target.scores[kept], target.class_ids[kept])
