"""ONNX Runtime's static quantization with its defaults, as its documentation shows it."""

import sys

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, quantize_static


class Frames(CalibrationDataReader):
    """Feeds the calibration, one frame after the other."""

    def __init__(self, name: str, frames: np.ndarray) -> None:
        self._feeds = iter([{name: frame[None]} for frame in frames])

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next frame, or None."""
        return next(self._feeds, None)


def main() -> None:
    """`onnxruntime_int8.py FLOAT.onnx FRAMES.npy INT8.onnx`."""
    source, frames, target = sys.argv[1:]
    name = onnx.load(source).graph.input[0].name
    quantize_static(source, target, Frames(name, np.load(frames)))


if __name__ == "__main__":
    main()
