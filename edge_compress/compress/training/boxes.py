"""Box overlap that gradients flow through."""

from __future__ import annotations

import torch
from torch import Tensor

EPSILON = 1e-7


def area(boxes: Tensor) -> Tensor:
    """Square pixels of boxes xyxy [..., 4]; 0 where a box is inside out."""
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(-1)


def pairwise_iou(a: Tensor, b: Tensor) -> Tensor:
    """IoU [len(a), len(b)] of boxes xyxy [n, 4]."""
    overlap = _overlap(a[:, None], b[None])
    return overlap / (area(a)[:, None] + area(b)[None] - overlap + EPSILON)


def generalized_iou(a: Tensor, b: Tensor) -> Tensor:
    """GIoU [n], -1 to 1, of boxes that belong together. Rezatofighi et al., arXiv:1902.09630."""
    overlap = _overlap(a, b)
    union = area(a) + area(b) - overlap
    hull = (torch.max(a[:, 2:], b[:, 2:]) - torch.min(a[:, :2], b[:, :2])).prod(-1)
    return overlap / (union + EPSILON) - (hull - union) / (hull + EPSILON)


def _overlap(a: Tensor, b: Tensor) -> Tensor:
    top_left = torch.max(a[..., :2], b[..., :2])
    bottom_right = torch.min(a[..., 2:], b[..., 2:])
    return (bottom_right - top_left).clamp(min=0).prod(-1)
