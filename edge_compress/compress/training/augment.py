"""A frame shown a little differently: mirrored, moved, brighter or darker."""

from __future__ import annotations

import torch
from torch import Tensor

from edge_compress.compress.training.boxes import area
from edge_compress.compress.training.losses import Targets

SHIFT = 16  # network pixels
CONTRAST = 0.15
BRIGHTNESS = 10.0  # of 255
VISIBLE = 0.4  # share of a box that must stay in the frame


def augment(
    image: Tensor, target: Targets | None, pad_value: int, generator: torch.Generator
) -> tuple[Tensor, Targets | None]:
    """Vary one frame and move the teacher's boxes with it.

    Args:
        image: pixels 0-255, float32 [3, height, width].
        target: the teacher's detections in network pixels, or None for a classifier.
        pad_value: what the moved image uncovers is filled with.
        generator: where chance comes from.
    """
    mirrored = bool(torch.rand(1, generator=generator) < 0.5)
    right, down = torch.randint(-SHIFT, SHIFT + 1, (2,), generator=generator).tolist()
    contrast, brightness = (torch.rand(2, generator=generator) * 2 - 1).tolist()
    image = (image * (1 + CONTRAST * contrast) + BRIGHTNESS * brightness).clamp(0, 255)
    if mirrored:
        image = image.flip(-1)
    image = _moved(image, right, down, float(pad_value))
    if target is not None:
        target = _follow(target, image.shape[1], image.shape[2], mirrored, right, down)
    return image, target


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
