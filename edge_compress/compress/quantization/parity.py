"""The parity gate of quantized files: does the runtime compute what the file says?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge_compress.inference.onnxruntime_session import OrtSession

Tensors = Sequence[NDArray[np.float32]]
STATIC_REMEDY = "`per_channel: true`, another `method`, a higher `float_below_db`, or `exclude`"


class Parity(NamedTuple):
    """Signal to quantization noise over all outputs, in dB; the worst output counts.

    Attributes:
        as_written: of the graph run operator by operator (no optimization): what the file means.
        as_run: of the graph as the runtime fuses it into INT8 kernels: what the robot gets.
    """

    as_written: float
    as_run: float

    def __str__(self) -> str:
        return f"SQNR {self.as_written:.1f} dB as written, {self.as_run:.1f} dB as run"

    def fault(
        self,
        name: str,
        *,
        min_sqnr_db: float,
        max_kernel_loss_db: float = float("inf"),
        remedy: str = STATIC_REMEDY,
    ) -> str | None:
        """What is wrong with the file, with the figures and what to try; None for a good one.

        Args:
            name: of the file, for the message.
            min_sqnr_db: the least `as_written`.
            max_kernel_loss_db: how far `as_run` may be below `as_written`.
            remedy: what to try against noise.
        """
        if not self.as_written >= min_sqnr_db:
            return (
                f"{name}: quantization noise drowns the signal: SQNR {self.as_written:.1f} dB "
                f"against the float outputs, at least {min_sqnr_db:g} dB wanted; try {remedy}"
            )
        if not self.as_run >= self.as_written - max_kernel_loss_db:
            return (
                f"{name}: the runtime's INT8 kernels do not compute what the file says: SQNR "
                f"{self.as_written:.1f} dB as written, {self.as_run:.1f} dB as run; "
                "try `reduce_range: true`, or another `exclude`"
            )
        return None


def sqnr_db(signal: Tensors, noisy: Tensors) -> float:
    """Signal to quantization noise ratio in dB: 10 log10(sum s^2 / sum (s - n)^2).

    Returns:
        inf when equal, -inf when `noisy` holds NaN or Inf.
    """
    power = noise = 0.0
    for s, n in zip(signal, noisy, strict=True):
        exact = s.astype(np.float64)
        power += float(np.square(exact).sum())
        noise += float(np.square(exact - n).sum())
    if not np.isfinite(noise):
        return float("-inf")
    if noise == 0.0:
        return float("inf")
    return 10.0 * float(np.log10(power / noise)) if power > 0.0 else float("-inf")


def measure_parity(
    fp32: Path | bytes, quantized: Path | bytes, inputs: Tensors, *, fused: bool = True
) -> Parity:
    """Compare a quantized file with its float original.

    An INT8 file is right only if ORT_DISABLE_ALL (each DequantizeLinear done in float) and
    ORT_ENABLE_ALL (real INT8 kernels) agree. They do not where products saturate, or where an
    optimizer is at fault; agreement measured on one says nothing about the other.

    Args:
        fp32: the float .onnx file, or its bytes.
        quantized: the same graph with Q/DQ nodes, likewise.
        inputs: preprocessed frames, float32 [1, 3, height, width].
        fused: False for a file that ONNX Runtime's kernels will not run; `as_run` is `as_written`.
    """
    signal = run_all(fp32, inputs)
    written = worst_sqnr_db(signal, run_all(quantized, inputs, optimize=False))
    run = worst_sqnr_db(signal, run_all(quantized, inputs)) if fused else written
    return Parity(written, run)


def run_all(
    model: Path | bytes, inputs: Tensors, *, optimize: bool = True
) -> list[list[NDArray[np.float32]]]:
    """All outputs of the model, for each input."""
    session = OrtSession(model, threads=1, optimize=optimize)
    try:
        return [session.run(tensor) for tensor in inputs]
    finally:
        session.close()


def worst_sqnr_db(
    signal: Sequence[Sequence[NDArray[np.float32]]], noisy: Sequence[Sequence[NDArray[np.float32]]]
) -> float:
    """SQNR in dB of the output that comes off worst, over all frames.

    Args:
        signal: for each frame, the outputs of the float model.
        noisy: the same of the quantized one.
    """
    return min(
        sqnr_db([frame[i] for frame in signal], [frame[i] for frame in noisy])
        for i in range(len(signal[0]))
    )
