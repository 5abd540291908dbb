"""The exported graph must compute what the torch module computes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_compress.compress.agreement import agreement_ap50, agreement_top1
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.footage import Frames
from edge_compress.compress.torch_session import TorchSession
from edge_compress.errors import EdgeCompressError
from edge_compress.inference.detector import Detector
from edge_compress.inference.onnxruntime_session import OrtSession
from edge_compress.inference.session import Session
from edge_compress.vision.thresholds import Thresholds

FRAMES = 8
MAX_DIFFERENCE = 1e-3  # of the output's largest magnitude; float32 kernels differ by about 1e-5
MEAN_DIFFERENCE = 1e-4
AGREEMENT = 0.99


class ParityError(EdgeCompressError):
    """The exported model computes something else than the torch module."""


@dataclass(frozen=True)
class Parity:
    """How far two runtimes, such as torch and ONNX Runtime with all optimizations, are apart.

    Attributes:
        max_difference: largest, as a share of the output's largest magnitude.
        mean_difference: mean, as a share of the same.
        agreement: of the decoded detections (AP50) or of the best class, 0-1.
    """

    max_difference: float
    mean_difference: float
    agreement: float

    def __str__(self) -> str:
        return (
            f"largest difference {self.max_difference:.1e} and mean {self.mean_difference:.1e} of "
            f"the output's range, detections agree to {self.agreement:.3f}"
        )


def check_parity(candidate: Candidate, model: Path, frames: Frames) -> Parity:
    """Run both on some of the frames and compare raw outputs and decoded detections.

    Raises:
        ParityError: with the figures.
    """
    runtime = OrtSession(model, threads=1)
    try:
        return compare(candidate, TorchSession(candidate), runtime, frames, model.name)
    finally:
        runtime.close()


def compare(
    candidate: Candidate, expected: Session, found: Session, frames: Frames, name: str
) -> Parity:
    """Compare raw outputs and decoded detections of two sessions on some of the frames.

    Args:
        candidate: what both are to compute.
        expected: what is known to be right.
        found: what is in question.
        frames: a few of them, spread over all, are used.
        name: of the file in question.

    Raises:
        ParityError: with the figures.
    """
    expected_side, found_side = _detector(candidate, expected), _detector(candidate, found)
    largest, means, wanted, seen = [0.0], [0.0], [], []
    for frame in frames[:: max(1, len(frames) // FRAMES)][:FRAMES]:
        tensor, geometry = expected_side.preprocess(frame)
        right, got = expected_side.infer(tensor), found_side.infer(tensor)
        for a, b in zip(right, got, strict=True):
            most, mean = _differences(a, b)
            # NMS in the graph may keep a box more; its detections are compared below.
            if np.isfinite(most) or candidate.head.kind != "nms-in-graph":
                largest.append(most)
                means.append(mean)
        wanted.append(expected_side.postprocess(right, geometry))
        seen.append(found_side.postprocess(got, geometry))
    if candidate.task == "classification":
        agreement = agreement_top1(wanted, seen)
    else:
        agreement = agreement_ap50(wanted, seen).ap50
    parity = Parity(max(largest), float(np.mean(means)), agreement)
    if (
        parity.max_difference > MAX_DIFFERENCE
        or parity.mean_difference > MEAN_DIFFERENCE
        or parity.agreement < AGREEMENT
    ):
        raise ParityError(
            f"{name}: {_runtime(found)} does not compute what {_runtime(expected)} computes: "
            f"{parity} (allowed: {MAX_DIFFERENCE:.0e}, {MEAN_DIFFERENCE:.0e}, {AGREEMENT})"
        )
    return parity


def _runtime(session: Session) -> str:
    return session.provider if session.provider in ("torch", "litert") else "ONNX Runtime"


def _detector(candidate: Candidate, session: Session) -> Detector:
    return Detector(
        session,
        candidate.input,
        candidate.head,
        candidate.labels,
        Thresholds(confidence=0.0 if candidate.task == "classification" else 0.3),
    )


def _differences(wanted: NDArray[np.float32], got: NDArray[np.float32]) -> tuple[float, float]:
    if wanted.shape != got.shape:
        return float("inf"), float("inf")
    if not wanted.size:
        return 0.0, 0.0
    difference = np.abs(wanted.astype(np.float64) - got)
    scale = max(float(np.abs(wanted).max()), 1e-6)
    if not np.isfinite(difference).all():
        return float("inf"), float("inf")
    return float(difference.max()) / scale, float(difference.mean()) / scale
