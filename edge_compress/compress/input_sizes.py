"""Input sizes of a camera's shape, and how well a model still agrees with its teacher there."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import torch

from edge_compress.bundle.schema import InputSpec
from edge_compress.compress.agreement import FOUND_SCORE, agreement_ap50, agreement_top1
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.footage import Frames
from edge_compress.compress.pass_base import PassFailed
from edge_compress.compress.torch_session import TorchSession
from edge_compress.inference.detector import Detector
from edge_compress.vision.detections import Detections
from edge_compress.vision.thresholds import Thresholds


def camera_aspect(frames: Frames) -> float:
    """Height by width of the frames, the median."""
    return float(statistics.median(frame.shape[0] / frame.shape[1] for frame in frames))


def height_for(width: int, aspect: float, multiple: int) -> int:
    """The height nearest to an aspect, in pixels: a multiple of `multiple`, at least one."""
    return max(1, round(width * aspect / multiple)) * multiple


def sizes_below(
    spec: InputSpec, aspect: float, multiple: int, smallest: float
) -> list[tuple[int, int]]:
    """Sizes (height, width) of fewer pixels than now, largest first.

    Args:
        spec: the input as it is.
        aspect: height by width.
        multiple: of both sides, in pixels.
        smallest: share of the pixels that must stay, 0-1.

    Raises:
        PassFailed: when there is none.
    """
    pixels = spec.height * spec.width
    sizes = []
    widest = max(spec.width, spec.height) // multiple * multiple
    for width in range(widest, 0, -multiple):
        height = height_for(width, aspect, multiple)
        if smallest * pixels <= height * width < pixels:
            sizes.append((height, width))
    if not sizes:
        raise PassFailed(f"there is no smaller size in multiples of {multiple}")
    return sizes


def check_free(candidate: Candidate) -> None:
    """See that the model runs at the size that its input now has.

    Raises:
        PassFailed: when it is bound to another one.
    """
    spec = candidate.input
    try:
        with torch.no_grad():
            candidate.module(torch.zeros(1, 3, spec.height, spec.width))
    except (RuntimeError, ValueError) as error:
        raise PassFailed(
            f"the model is bound to its input size: {spec.width}x{spec.height} fails with "
            f"{str(error).splitlines()[0]}"
        ) from error


def agreement_with(reference: Sequence[Detections], candidate: Candidate, frames: Frames) -> float:
    """Agreement of a candidate with what its teacher has seen in the same frames, 0-1."""
    thresholds = Thresholds(confidence=FOUND_SCORE)
    detector = Detector(
        TorchSession(candidate), candidate.input, candidate.head, candidate.labels, thresholds
    )
    found = [detector.detect(frame) for frame in frames]
    if candidate.task == "classification":
        return agreement_top1(reference, found)
    return agreement_ap50(reference, found).ap50
