"""What is installed here, and what is said when it is not."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import onnxruntime
import pytest

from edge_compress.inference.detector import Detector
from edge_compress.inference.options import RuntimeOptions, TensorrtOptions
from edge_compress.inference.session import ProviderError
from edge_compress.inference.sessions import open_session
from edge_compress.inference.tensorrt.cuda import Cuda
from edge_compress.inference.tensorrt.library import NotInstalledError, load
from edge_compress.inference.tensorrt.session import TensorrtSession


def test_the_gpu_is_told_by_what_an_engine_is_bound_to(machine):
    library = load(1)
    assert (library.gpu.index, library.gpu.name, library.gpu.compute) == (1, "Orin", "8.7")
    assert library.gpu.multiprocessors == 16


@pytest.mark.parametrize("version", ["8.4.3", "7.2.3", "12.0.0"])
def test_a_version_that_it_was_not_written_for_is_refused(machine, version):
    machine.install(version)
    with pytest.raises(ProviderError, match=rf"TensorRT {version} is installed.*knows 8\.5 to 11"):
        load()


@pytest.mark.parametrize(
    ("version", "typed", "flags", "progress"),
    [
        ("8.5.3", False, True, False),
        ("8.6.1", False, True, False),
        ("10.3.0", True, True, True),
        ("11.4.0.106", True, False, True),
    ],
)
def test_what_a_version_can_do_is_asked_of_it(machine, version, typed, flags, progress):
    machine.install(version)
    library = load()
    assert (library.strongly_typed, library.has_flags) == (typed, flags)
    assert library.reports_progress is progress


def test_a_missing_package_is_named_with_its_remedy(machine, monkeypatch, make_detector_onnx):
    monkeypatch.setitem(sys.modules, "cuda.bindings.runtime", None)
    monkeypatch.setitem(sys.modules, "cuda.cudart", None)
    with pytest.raises(NotInstalledError, match=r"cuda-python is not installed \(`pip install cud"):
        load()
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(NotInstalledError, match=r"TensorRT is not installed \(on a Jetson: `apt"):
        load()


def test_the_older_name_of_cuda_python_does_as_well(machine, monkeypatch):
    monkeypatch.setitem(sys.modules, "cuda.bindings.runtime", None)
    monkeypatch.setitem(sys.modules, "cuda.cudart", machine.cuda.module)
    assert load().gpu.name == "Orin"


def test_a_library_that_cannot_be_loaded_is_told(machine, monkeypatch, tmp_path):
    monkeypatch.delitem(sys.modules, "tensorrt")
    package = tmp_path / "tensorrt"
    package.mkdir()
    (package / "__init__.py").write_text(
        "raise ImportError('libnvinfer.so.10: cannot open shared object file')"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(NotInstalledError, match=r"tensorrt cannot be loaded: libnvinfer\.so\.10"):
        load()


def test_without_tensorrt_itself_onnx_runtimes_provider_is_tried(
    machine, monkeypatch, make_detector_onnx
):
    if "TensorrtExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this ONNX Runtime has TensorRT")
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    path = make_detector_onnx()
    with pytest.raises(ProviderError, match=r"TensorRT is not installed .*; this build of ONNX"):
        open_session(path, "tensorrt")
    native = RuntimeOptions(tensorrt=TensorrtOptions(backend="native"))
    with pytest.raises(ProviderError, match=r"is not installed \(on a Jetson.*tensorrt`\)$"):
        open_session(path, "tensorrt", options=native)
    other = RuntimeOptions(tensorrt=TensorrtOptions(backend="onnxruntime"))
    with pytest.raises(ProviderError, match="^this build of ONNX Runtime has no tensorrt provider"):
        open_session(path, "tensorrt", options=other)


def test_without_onnx_the_next_provider_is_taken(machine, monkeypatch, make_bundle):
    bundle = make_bundle()
    monkeypatch.setitem(sys.modules, "onnx", None)
    detector = Detector.open(bundle, providers=("tensorrt", "cpu"))
    assert detector.provider == "cpu"
    (why,) = detector.fallbacks
    assert "needs the Python package onnx" in why
    assert "`pip install onnx`" in why


def test_without_onnx_an_engine_that_is_kept_runs(machine, monkeypatch, make_detector_onnx):
    path = make_detector_onnx()
    TensorrtSession(path).close()
    monkeypatch.setitem(sys.modules, "onnx", None)
    TensorrtSession(path).close()
    assert len(machine.trt.builds) == 1


def test_with_tensorrt_the_session_is_its_own(machine, make_detector_onnx):
    session = open_session(make_detector_onnx(), "tensorrt")
    assert type(session).__module__ == "edge_compress.inference.tensorrt.session"
    assert len(session.run(np.zeros((1, 3, 64, 96), np.float32))) == 1


def test_the_real_cuda_without_a_driver_is_one_clear_message():
    runtime = pytest.importorskip("cuda.bindings.runtime")
    try:
        gpus = runtime.cudaGetDeviceCount()[1]
    except RuntimeError:
        gpus = 0
    if gpus:
        pytest.skip("this machine has a GPU")
    with pytest.raises(ProviderError, match="^CUDA: ") as error:
        Cuda(runtime).use(0)
    assert "\n" not in str(error.value)


def test_nothing_of_nvidia_is_imported_before_it_is_wanted(make_bundle):
    program = f"""
import sys
from edge_compress.inference.detector import Detector
Detector.open({str(make_bundle())!r}, providers=("cpu",))
print([name for name in sys.modules if name.partition(".")[0] in ("tensorrt", "cuda", "onnx")])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr
