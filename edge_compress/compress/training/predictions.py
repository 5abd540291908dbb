"""Raw outputs as boxes and scores that gradients flow through, for each dense head."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from edge_compress.bundle.schema import DetrHead, Head, InputSpec, SsdHead, Yolov8Head, YoloxHead

# exp(8) pixels is wider than any input; more only overflows while a network is still untrained.
LARGEST_LOG_SIDE = 8.0


@dataclass(frozen=True)
class Predictions:
    """What a batch of frames is predicted to hold, before any threshold or NMS.

    Attributes:
        boxes: float32 [n, cells, 4], xyxy in network pixels.
        scores: float32 [n, cells, classes], probabilities.
    """

    boxes: Tensor
    scores: Tensor


def can_predict(head: Head) -> bool:
    """Whether gradients can reach the model through this head."""
    return head.kind in _READERS


def predict(outputs: tuple[Tensor, ...], head: Head, spec: InputSpec) -> Predictions:
    """Decode a dense detection head, at any batch size.

    Raises:
        KeyError: for a head that `can_predict` says no to.
    """
    return _READERS[head.kind](outputs, head, spec)


def _yolox(outputs: tuple[Tensor, ...], head: YoloxHead, spec: InputSpec) -> Predictions:
    (output,) = outputs
    cells, strides = [], []
    for step in head.strides:
        rows, columns = torch.meshgrid(
            torch.arange(spec.height // step), torch.arange(spec.width // step), indexing="ij"
        )
        cells.append(torch.stack([columns, rows], dim=-1).reshape(-1, 2))
        strides.append(torch.full((rows.numel(), 1), step))
    grid, stride = torch.cat(cells).to(output), torch.cat(strides).to(output)
    center = (output[..., :2] + grid) * stride
    side = output[..., 2:4].clamp(max=LARGEST_LOG_SIDE).exp() * stride
    return Predictions(_xyxy(center, side), output[..., 4:5] * output[..., 5:])


def _yolov8(outputs: tuple[Tensor, ...], head: Yolov8Head, spec: InputSpec) -> Predictions:
    output = outputs[0].transpose(1, 2)
    return Predictions(_xyxy(output[..., :2], output[..., 2:4]), output[..., 4:])


def _ssd(outputs: tuple[Tensor, ...], head: SsdHead, spec: InputSpec) -> Predictions:
    boxes, scores = outputs
    if head.box_format == "cxcywh":
        boxes = _xyxy(boxes[..., :2], boxes[..., 2:])
    elif head.box_format == "yxyx":
        boxes = boxes[..., [1, 0, 3, 2]]
    if head.normalized:
        boxes = boxes * _side(boxes, spec)
    if head.activation == "softmax":
        scores = scores.softmax(-1)
    elif head.activation == "sigmoid":
        scores = scores.sigmoid()
    return Predictions(boxes, scores[..., 1:] if head.background else scores)


def _detr(outputs: tuple[Tensor, ...], head: DetrHead, spec: InputSpec) -> Predictions:
    logits, boxes = outputs
    boxes = _xyxy(boxes[..., :2], boxes[..., 2:]) * _side(boxes, spec)
    if head.activation == "softmax":
        return Predictions(boxes, logits.softmax(-1)[..., :-1])  # the last class is "no object"
    return Predictions(boxes, logits.sigmoid())


def _xyxy(center: Tensor, side: Tensor) -> Tensor:
    return torch.cat([center - side / 2, center + side / 2], dim=-1)


def _side(boxes: Tensor, spec: InputSpec) -> Tensor:
    return boxes.new_tensor([spec.width, spec.height, spec.width, spec.height])


_READERS: dict[str, Callable[..., Predictions]] = {
    "yolox": _yolox,
    "yolov8": _yolov8,
    "ssd": _ssd,
    "detr": _detr,
}
