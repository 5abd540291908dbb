"""The range of each activation, seen over footage with bounded memory."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod
from onnxruntime.quantization.calibrate import TensorsData, create_calibrator

from edge_compress.bundle.schema import InputSpec
from edge_compress.compress.footage import Frames
from edge_compress.compress.progress import Progress
from edge_compress.compress.quantization.error import QuantizationError
from edge_compress.compress.quantization.histogram import Histogram
from edge_compress.vision.preprocess import preprocess

Method = Literal["minmax", "mean_minmax", "percentile", "entropy", "mse"]

_METHODS = {
    "minmax": CalibrationMethod.MinMax,
    "mean_minmax": CalibrationMethod.MinMax,
    "percentile": CalibrationMethod.Percentile,
    "entropy": CalibrationMethod.Entropy,
    "mse": CalibrationMethod.Percentile,  # only for which tensors it measures
}


@dataclass(frozen=True)
class Calibration:
    """What was seen of each activation: its range, or a histogram that gives one."""

    _ranges: Any = None
    _histograms: Mapping[str, Histogram] = field(default_factory=dict)

    def ranges(self, *, symmetric: bool = False) -> Any:
        """The range of each tensor as ONNX Runtime's ``TensorsData``.

        Args:
            symmetric: the quantizer's zero point is 0; only the method ``mse`` differs then.
        """
        if not self._histograms:
            return self._ranges
        found = {
            name: tuple(
                np.array(end, np.float32) for end in seen.least_error_range(symmetric=symmetric)
            )
            for name, seen in self._histograms.items()
        }
        return TensorsData(CalibrationMethod.MinMax, found)


def calibrate(
    model: ModelProto,
    frames: Frames,
    spec: InputSpec,
    progress: Progress,
    *,
    op_types: Iterable[str],
    method: Method = "mean_minmax",
    percentile: float = 99.99,
) -> Calibration:
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
            frame's extremes; ``percentile``, ``entropy`` (KL divergence, Migacz, GTC 2017) and
            ``mse`` (least squared error, see `Histogram`) clip outliers.
        percentile: share of the values that must stay unclipped, in percent.

    Raises:
        QuantizationError: an activation is not a finite number.
        Cancelled: between two frames.
    """
    options: dict[str, Any] = {}
    if method in ("minmax", "mean_minmax"):
        options = {"moving_average": method == "mean_minmax"}
    elif method == "percentile":
        # The ranges serve asymmetric variants too, so they are not made symmetric here.
        options = {"percentile": percentile, "symmetric": False}
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
        if method == "mse":
            names = sorted(calibrator.tensors_to_calibrate)
            return Calibration(_histograms=_collect(calibrator.infer_session, names, tensors))
        if method in ("minmax", "mean_minmax"):
            calibrator.collect_data(_Reader(spec.name, tensors))
        else:
            for tensor in tensors:
                with _no_chatter():
                    calibrator.collect_data(_Reader(spec.name, iter((tensor,))))
        with _no_chatter():
            return Calibration(calibrator.compute_data())


def _collect(
    session: Any, names: Sequence[str], tensors: Iterable[NDArray[np.float32]]
) -> dict[str, Histogram]:
    """Run the tensors through a session whose outputs are the activations, and count these."""
    (entry,) = (node.name for node in session.get_inputs())
    histograms = {name: Histogram() for name in names}
    for tensor in tensors:
        for name, values in zip(names, session.run(names, {entry: tensor}), strict=True):
            try:
                histograms[name].add(values)
            except ValueError as error:
                raise QuantizationError(
                    f"quantize: activation {name!r} is not finite on a calibration frame; "
                    "the float model is broken, or its training diverged"
                ) from error
    return histograms


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
