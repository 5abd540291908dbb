"""Virtual environments of other tools: they are compared with, not depended on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.techniques.experiment import REPOSITORY

PACKAGES = {
    "nncf": ("nncf==3.4.0", "onnx", "onnxruntime"),
    "onnxruntime": ("onnxruntime==1.31.1", "onnx", "sympy"),
}


def python_of(tool: str) -> Path:
    """The interpreter of a tool's environment, which is made when it is not there."""
    folder = REPOSITORY / "build" / "venvs" / tool
    python, done = folder / "bin" / "python", folder / ".done"
    if not done.is_file() or done.read_text() != " ".join(PACKAGES[tool]):
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "-qq", *PACKAGES[tool]], check=True)
        done.write_text(" ".join(PACKAGES[tool]))
    return python


def version_of(tool: str) -> str:
    """The version that is installed there."""
    command = f"from importlib import metadata; print(metadata.version({tool!r}))"
    ran = subprocess.run([python_of(tool), "-c", command], check=True, capture_output=True)
    return ran.stdout.decode().strip()
