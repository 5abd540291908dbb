"""Whether a model's outputs fit the head and the labels that the recipe gives."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from edge_compress.bundle.schema import (
    ClassifierHead,
    DetrHead,
    Head,
    InputSpec,
    SsdHead,
    Yolov8Head,
    YoloxHead,
)
from edge_compress.compress.models.errors import ModelSourceError
from edge_compress.errors import EdgeCompressError
from edge_compress.vision import heads
from edge_compress.vision.thresholds import Thresholds


def outputs_of(source: str, module: nn.Module, spec: InputSpec) -> tuple[Tensor, ...]:
    """The outputs for one black frame.

    Raises:
        ModelSourceError: when the model does not run, or returns something else than tensors.
    """
    try:
        with torch.no_grad():
            outputs = module(torch.zeros(1, 3, spec.height, spec.width))
    except Exception as error:
        raise ModelSourceError(
            f"{source}: does not run on float32 [1, 3, {spec.height}, {spec.width}]: "
            f"{type(error).__name__}: {error}"
        ) from error
    if not outputs or not all(isinstance(value, Tensor) for value in outputs):
        raise ModelSourceError(f"{source}: must return a tensor or several, got {type(outputs)}")
    return tuple(outputs)


def check_head(
    source: str, head: Head, names: Sequence[str], spec: InputSpec, outputs: Sequence[Tensor]
) -> None:
    """Decode one frame's outputs, as the detector will.

    Raises:
        ModelSourceError: with the shapes of the outputs.
    """
    try:
        heads.decode([value.numpy() for value in outputs], head, names, spec, Thresholds())
    except EdgeCompressError as error:
        pairs = zip(names, outputs, strict=True)
        shapes = ", ".join(f"{name} {list(value.shape)}" for name, value in pairs)
        raise ModelSourceError(
            f"{source}: its outputs ({shapes}) do not fit `model.head` {head.kind!r}: {error}"
        ) from error


def fitting_labels(
    source: str, head: Head, outputs: Sequence[Tensor], labels: tuple[str, ...], whose: str
) -> tuple[str, ...]:
    """The labels, one a class; numbers where nobody gave any.

    Args:
        source: for the message.
        head: which the outputs fit.
        outputs: of one frame.
        labels: as given, or empty.
        whose: the key that gives them, for the message.

    Raises:
        ModelSourceError: when there are more or fewer labels than classes.
    """
    classes = _classes(head, outputs)
    if classes is None:
        if not labels:
            raise ModelSourceError(
                f"{source}: give `model.labels`: with NMS in the graph its outputs do not say them"
            )
        return labels
    if not labels:
        return tuple(str(i) for i in range(classes))
    if len(labels) != classes:
        raise ModelSourceError(
            f"{source}: has {classes} classes, but {whose} has {len(labels)} names: "
            f"{', '.join(labels[:8])}"
        )
    return labels


def scores_and_boxes(head: Head, outputs: Sequence[Tensor]) -> tuple[Tensor, Tensor] | None:
    """What the head reads as scores of classes, and what it reads besides.

    None for NMS in the graph, after which nothing belongs to a class any more.
    """
    if isinstance(head, YoloxHead):
        return outputs[0][..., 5:], outputs[0][..., :5]
    if isinstance(head, Yolov8Head):
        return outputs[0][:, 4:], outputs[0][:, :4]
    if isinstance(head, SsdHead):
        return outputs[1], outputs[0]
    if isinstance(head, DetrHead):
        return outputs[0], outputs[1]
    if isinstance(head, ClassifierHead):
        return outputs[0], outputs[0][:, :0]
    return None


def _classes(head: Head, outputs: Sequence[Tensor]) -> int | None:
    if isinstance(head, YoloxHead):
        return outputs[0].shape[2] - 5
    if isinstance(head, Yolov8Head):
        return outputs[0].shape[1] - 4
    if isinstance(head, SsdHead):
        return outputs[1].shape[2] - int(head.background)
    if isinstance(head, DetrHead):
        return outputs[0].shape[2] - int(head.activation == "softmax")
    if isinstance(head, ClassifierHead):
        return outputs[0].shape[-1]
    return None
