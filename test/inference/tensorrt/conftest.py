"""TensorRT and CUDA as fakes that keep the documented semantics, in place of the real modules."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# Helpers that are imported by name: `from fake_tensorrt import FakeTensorrt`.
sys.path.insert(0, str(Path(__file__).parent))

from fake_cuda import FakeCuda
from fake_tensorrt import FakeTensorrt

from edge_compress.inference.options import RuntimeOptions, TensorrtOptions
from edge_compress.inference.tensorrt.session import TensorrtSession


class Machine:
    """A robot with a GPU, as far as the backend can tell."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.cuda = FakeCuda()
        self.trt = FakeTensorrt("10.3.0", self.cuda)
        self.install("10.3.0")

    def install(self, version: str) -> FakeTensorrt:
        """Put a TensorRT of this version in place of what there was."""
        self.trt = FakeTensorrt(version, self.cuda)
        self._monkeypatch.setitem(sys.modules, "tensorrt", self.trt.module)
        for name in ("cuda", "cuda.bindings"):
            self._monkeypatch.setitem(sys.modules, name, self.cuda.package)
        self._monkeypatch.setitem(sys.modules, "cuda.bindings.runtime", self.cuda.module)
        return self.trt


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    """TensorRT 10.3 on an Orin, with an empty cache of engines."""
    monkeypatch.setenv("EDGE_COMPRESS_CACHE", str(tmp_path / "cache"))
    return Machine(monkeypatch)


@pytest.fixture
def engines(tmp_path: Path) -> Callable[[], list[Path]]:
    """Return a function that lists the engines in the cache."""
    return lambda: sorted((tmp_path / "cache/engines").glob("*.engine"))


@pytest.fixture
def opened(machine, make_detector_onnx):
    """Open the small detector and close it again; say how often an engine has been built."""
    path = make_detector_onnx()

    def open_once(**tensorrt):
        session = TensorrtSession(
            path, options=RuntimeOptions(tensorrt=TensorrtOptions(**tensorrt))
        )
        session.close()
        return len(machine.trt.builds)

    open_once.path = path
    return open_once
