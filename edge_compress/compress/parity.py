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
from edge_compress.vision.thresholds import Thresholds

FRAMES = 8
MAX_DIFFERENCE = 1e-3  # of the output's largest magnitude; float32 kernels differ by about 1e-5
MEAN_DIFFERENCE = 1e-4
AGREEMENT = 0.99


class ParityError(EdgeCompressError):
    """The exported model computes something else than the torch module."""


@dataclass(frozen=True)
class Parity:
    """How far torch and ONNX Runtime (all optimizations on) are apart.

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
    torch_side = _detector(candidate, TorchSession(candidate))
    runtime_side = _detector(candidate, OrtSession(model, threads=1))
    largest, means, wanted, found = [0.0], [0.0], [], []
    try:
        for frame in frames[:: max(1, len(frames) // FRAMES)][:FRAMES]:
            tensor, geometry = torch_side.preprocess(frame)
            expected, got = torch_side.infer(tensor), runtime_side.infer(tensor)
            for a, b in zip(expected, got, strict=True):
                most, mean = _differences(a, b)
                # NMS in the graph may keep a box more; its detections are compared below.
                if np.isfinite(most) or candidate.head.kind != "nms-in-graph":
                    largest.append(most)
                    means.append(mean)
            wanted.append(torch_side.postprocess(expected, geometry))
            found.append(runtime_side.postprocess(got, geometry))
    finally:
        runtime_side.close()
    if candidate.task == "classification":
        agreement = agreement_top1(wanted, found)
    else:
        agreement = agreement_ap50(wanted, found).ap50
    parity = Parity(max(largest), float(np.mean(means)), agreement)
    if (
        parity.max_difference > MAX_DIFFERENCE
        or parity.mean_difference > MEAN_DIFFERENCE
        or parity.agreement < AGREEMENT
    ):
        raise ParityError(
            f"{model.name}: ONNX Runtime does not compute what torch computes: {parity} "
            f"(allowed: {MAX_DIFFERENCE:.0e}, {MEAN_DIFFERENCE:.0e}, {AGREEMENT})"
        )
    return parity


def _detector(candidate: Candidate, session: TorchSession | OrtSession) -> Detector:
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
