"""Our options in ONNX Runtime's words. The CPU's are seen in a real session; there is no GPU."""

from __future__ import annotations

import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from edge_compress.inference.detector import Detector
from edge_compress.inference.onnxruntime_session import OrtSession
from edge_compress.inference.options import (
    CpuOptions,
    CudaOptions,
    RuntimeOptions,
    TensorrtOptions,
)
from edge_compress.inference.provider_options import provider_options
from edge_compress.inference.session import ModelError, ProviderError


def told_to_the_cpu(session):
    options = session._session.get_session_options()
    spin = options.get_session_config_entry("session.intra_op.allow_spinning")
    return options.enable_cpu_mem_arena, spin


def test_the_cpus_options_reach_the_runtime(make_detector_onnx):
    path = make_detector_onnx()
    assert told_to_the_cpu(OrtSession(path)) == (True, "0")
    other = RuntimeOptions(cpu=CpuOptions(spin=True, arena=False))
    assert told_to_the_cpu(OrtSession(path, options=other)) == (False, "1")


def test_a_detector_passes_them_on(make_bundle):
    other = RuntimeOptions(cpu=CpuOptions(spin=True, arena=False))
    detector = Detector.open(make_bundle(), providers=("cpu",), options=other)
    assert told_to_the_cpu(detector._session) == (False, "1")
    assert len(detector.detect(np.zeros((64, 96, 3), np.uint8))) == 0


def test_cuda_is_told_device_and_memory(make_detector_onnx):
    path = make_detector_onnx()
    assert provider_options("cuda", path, RuntimeOptions()) == {
        "device_id": "0",
        "arena_extend_strategy": "kSameAsRequested",
        "cudnn_conv_algo_search": "EXHAUSTIVE",
    }
    cuda = CudaOptions(memory_limit_mb=512, arena_growth="doubling", convolution_search="heuristic")
    assert provider_options("cuda", path, RuntimeOptions(device_id=1, cuda=cuda)) == {
        "device_id": "1",
        "arena_extend_strategy": "kNextPowerOfTwo",
        "cudnn_conv_algo_search": "HEURISTIC",
        "gpu_mem_limit": str(512 << 20),
    }


def tensorrt(path, tmp_path, **options):
    ours = TensorrtOptions(cache=tmp_path / "engines", **options)
    return provider_options("tensorrt", path, RuntimeOptions(tensorrt=ours))


def test_tensorrt_keeps_engines_and_timings(make_detector_onnx, tmp_path):
    told = tensorrt(make_detector_onnx(), tmp_path)
    assert told["trt_engine_cache_enable"] == told["trt_timing_cache_enable"] == "True"
    folder = tmp_path / "engines"
    assert told["trt_engine_cache_path"].startswith(str(folder))
    assert told["trt_engine_cache_path"].startswith(told["trt_timing_cache_path"])
    assert folder.is_dir()
    assert (told["trt_fp16_enable"], told["trt_int8_enable"]) == ("False", "False")
    assert "trt_dla_enable" not in told
    assert "trt_timing_cache_path" not in tensorrt(
        make_detector_onnx(), tmp_path, timing_cache=False
    )


def test_models_of_one_shape_do_not_share_a_folder_of_engines(make_detector_onnx, tmp_path):
    folders = {
        tensorrt(make_detector_onnx(slow=slow), tmp_path)["trt_engine_cache_path"]
        for slow in (False, True, False)
    }
    assert len(folders) == 2


def test_tensorrts_other_options_are_translated(make_detector_onnx, tmp_path):
    asked = {
        "precision": "fp16",
        "workspace_mb": 64,
        "dla_core": 1,
        "optimization_level": 4,
    }
    told = tensorrt(make_detector_onnx(), tmp_path, **asked)
    assert told["trt_fp16_enable"] == told["trt_dla_enable"] == "True"
    assert told["trt_max_workspace_size"] == str(64 << 20)
    assert (told["trt_dla_core"], told["trt_builder_optimization_level"]) == ("1", "4")


def test_int8_is_allowed_where_the_file_is_int8(tmp_path):
    graph = helper.make_graph(
        [helper.make_node("QuantizeLinear", ["x", "s"], ["q"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("q", TensorProto.UINT8, [1, 3, 8, 8])],
        [helper.make_tensor("s", TensorProto.FLOAT, [], [0.1])],
    )
    path = tmp_path / "int8.onnx"
    onnx.save(helper.make_model(graph), path)
    told = tensorrt(path, tmp_path)
    assert told["trt_int8_enable"] == "True"
    assert tensorrt(path.read_bytes(), tmp_path) == told


def test_without_onnx_tensorrts_provider_is_refused_with_the_remedy(
    make_detector_onnx, tmp_path, monkeypatch
):
    path = make_detector_onnx()
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ProviderError, match="`pip install onnx`"):
        tensorrt(path, tmp_path)


def test_a_folder_that_cannot_be_made_is_told(make_detector_onnx, tmp_path):
    (tmp_path / "engines").write_text("")
    with pytest.raises(ProviderError, match="engines cannot be kept there.*EDGE_COMPRESS_CACHE"):
        tensorrt(make_detector_onnx(), tmp_path)
    with pytest.raises(ModelError, match=r"gone\.onnx: no such file"):
        tensorrt(tmp_path / "gone.onnx", tmp_path)


def test_a_wrong_option_is_refused():
    with pytest.raises(ValueError, match="Extra inputs"):
        TensorrtOptions.model_validate({"fp16": True})
    with pytest.raises(ValueError, match="`size` must be positive"):
        TensorrtOptions(size=(0, 8))
    with pytest.raises(ValueError, match="less than or equal to 5"):
        TensorrtOptions(optimization_level=6)


def test_a_size_that_was_given_is_kept():
    given = RuntimeOptions(tensorrt=TensorrtOptions(size=(8, 16)))
    assert given.for_size(64, 96).tensorrt.size == (8, 16)
    assert RuntimeOptions().for_size(64, 96).tensorrt.size == (64, 96)
