"""TFLite (LiteRT), for phones, microcontrollers and the accelerators that read it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from edge_compress.bundle.schema import ExtraFormat
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.export_targets.base import ExportTarget, ExportTargetError
from edge_compress.compress.export_targets.exported_program import ExportedProgram
from edge_compress.inference.session import Session

PYTHON = "EDGE_COMPRESS_TFLITE_PYTHON"
CONVERTER = "litert-torch==0.10.*"
WORKER = Path(__file__).with_name("tflite_worker.py")
SECONDS = 1800.0  # a large model takes minutes

_LOOK = "import importlib.util as i, sys; sys.exit(i.find_spec('litert_torch') is None)"


class TfLite(ExportTarget):
    """What Google's litert-torch (Apache-2.0) makes of the ExportedProgram, in float32.

    Its converter wants an older typing-extensions than our pydantic, so it lives in a virtual
    environment of its own, whose Python the variable EDGE_COMPRESS_TFLITE_PYTHON names. The input
    stays [1, 3, height, width].
    """

    format: ClassVar[ExtraFormat] = "tflite"
    file: ClassVar[str] = "model.tflite"

    def check(self) -> None:
        """See that the converter is there.

        Raises:
            ExportTargetError: with the commands that install it.
        """
        python = _python()
        try:
            missing = subprocess.run([python, "-c", _LOOK], check=False).returncode != 0
        except OSError as error:
            raise ExportTargetError(
                f"`export`: tflite: {PYTHON} is {python!r}, which cannot be run: {error.strerror}"
            ) from error
        if missing:
            version = torch.__version__.split("+")[0]
            raise ExportTargetError(
                f"`export`: tflite needs litert-torch, and {python} has none. Install it in an "
                "environment of its own and name that one's Python:\n"
                "  python3 -m venv ~/litert\n"
                f"  ~/litert/bin/pip install '{CONVERTER}' torch=={version}\n"
                f"  export {PYTHON}=~/litert/bin/python"
            )

    def write(self, candidate: Candidate, path: Path) -> None:
        """Capture the module here, and have the other environment convert it.

        Raises:
            ExportTargetError: with the last line of what the converter says.
        """
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder) / ExportedProgram.file
            ExportedProgram().write(candidate, program)
            _work("convert", program, path)

    def open(self, path: Path, candidate: Candidate) -> Session:
        """Run it with LiteRT's interpreter, in the other environment."""
        return _Interpreter(path, candidate)


class _Interpreter:
    """Starts the interpreter anew for each run: it is here to compare, not to be fast."""

    provider = "litert"

    def __init__(self, path: Path, candidate: Candidate) -> None:
        spec = candidate.input
        self.input_name = spec.name
        self.input_shape: tuple[int | None, ...] = (1, 3, spec.height, spec.width)
        self.output_names = candidate.output_names
        self._path = path

    def run(self, tensor: NDArray[np.float32]) -> list[NDArray[Any]]:
        with tempfile.TemporaryDirectory() as folder:
            given, answers = Path(folder) / "input.npy", Path(folder) / "outputs.npz"
            np.save(given, tensor)
            _work("run", self._path, given, answers)
            with np.load(answers) as outputs:
                return [outputs[f"output_{i}"] for i in range(len(outputs))]

    def close(self) -> None:
        pass


def _python() -> str:
    return str(Path(os.environ.get(PYTHON) or sys.executable).expanduser())


def _work(*arguments: str | Path) -> None:
    command = [_python(), str(WORKER), *map(str, arguments)]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ExportTargetError(f"tflite: {_python()}: {error}") from error
    if done.returncode != 0:
        told = done.stderr.strip().splitlines() or ["it says nothing"]
        raise ExportTargetError(f"tflite: litert-torch failed: {told[-1]}")
