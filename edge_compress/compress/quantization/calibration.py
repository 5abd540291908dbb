"""The range of each activation, seen over footage with bounded memory."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod
from onnxruntime.quantization.calibrate import create_calibrator

from edge_compress.bundle.schema import InputSpec
from edge_compress.compress.footage import Frames
from edge_compress.compress.progress import Progress
from edge_compress.vision.preprocess import preprocess

Method = Literal["minmax", "mean_minmax", "percentile", "entropy"]

_METHODS = {
    "minmax": CalibrationMethod.MinMax,
    "mean_minmax": CalibrationMethod.MinMax,
    "percentile": CalibrationMethod.Percentile,
    "entropy": CalibrationMethod.Entropy,
}


def calibrate(
    model: ModelProto,
    frames: Frames,
    spec: InputSpec,
    progress: Progress,
    *,
    op_types: Iterable[str],
    method: Method = "mean_minmax",
    percentile: float = 99.99,
) -> Any:
    """Measure the range of each tensor at the given operators.

    Memory holds one frame's activations, whatever the number of frames: ONNX Runtime's MinMax
    collector keeps two scalars a tensor and frame, but its histogram collectors keep every
    activation until they are asked to merge, so they are asked after each frame.

    Args:
        model: float model with inferred shapes.
        frames: footage to calibrate on; never the held-out frames.
        spec: how a frame becomes the model's input.
        progress: shows where it is, and may cancel.
        op_types: operators whose inputs and outputs are measured.
        method: ``minmax`` takes the extremes of all frames, ``mean_minmax`` the mean of each
            frame's extremes, ``percentile`` and ``entropy`` (KL divergence, Migacz, GTC 2017) clip
            outliers.
        percentile: share of the values that must stay unclipped, in percent.

    Returns:
        ONNX Runtime's ``TensorsData``.

    Raises:
        Cancelled: between two frames.
    """
    options: dict[str, Any] = {"moving_average": method == "mean_minmax"}
    if method == "percentile":
        # The ranges serve asymmetric variants too, so they are not made symmetric here.
        options = {"percentile": percentile, "symmetric": False}
    elif method == "entropy":
        options = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "float.onnx"
        onnx.save(model, path)
        calibrator = create_calibrator(
            path,
            list(op_types),
            augmented_model_path=str(Path(folder) / "augmented.onnx"),
            calibrate_method=_METHODS[method],
            extra_options=options,
        )
        tracked = progress.track(frames, "calibrate", len(frames))
        tensors = (preprocess(frame, spec)[0] for frame in tracked)
        if method in ("minmax", "mean_minmax"):
            calibrator.collect_data(_Reader(spec.name, tensors))
        else:
            for tensor in tensors:
                with _no_chatter():
                    calibrator.collect_data(_Reader(spec.name, iter((tensor,))))
        with _no_chatter():
            return calibrator.compute_data()


class _Reader(CalibrationDataReader):  # type: ignore[misc]
    """Feeds tensors one at a time, made when they are asked for."""

    def __init__(self, name: str, tensors: Iterator[NDArray[np.float32]]) -> None:
        self._name = name
        self._tensors = tensors

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        tensor = next(self._tensors, None)
        return None if tensor is None else {self._name: tensor}


@contextlib.contextmanager
def _no_chatter() -> Iterator[None]:
    """Swallow what the histogram collectors print, but not the progress bar."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield
