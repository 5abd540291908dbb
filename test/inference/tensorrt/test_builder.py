"""What TensorRT is told of a model, by version."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edge_compress.compress.packing.pack import pack
from edge_compress.inference.onnxruntime_session import OrtSession
from edge_compress.inference.options import RuntimeOptions, TensorrtOptions
from edge_compress.inference.session import ModelError, ProviderError
from edge_compress.inference.tensorrt.model_file import ModelFile
from edge_compress.inference.tensorrt.session import TensorrtSession

RANDOM = np.random.default_rng(0)


def save(path, nodes, weights, output):
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, output)],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
    return path


@pytest.fixture
def float_model(tmp_path):
    """A convolution with a bias."""
    weights = {
        "w": RANDOM.normal(size=(4, 3, 3, 3)).astype(np.float32),
        "b": np.ones(4, np.float32),
    }
    nodes = [helper.make_node("Conv", ["images", "w", "b"], ["out"])]
    return save(tmp_path / "float.onnx", nodes, weights, [1, 4, 6, 6])


@pytest.fixture
def int8_model(tmp_path):
    """The same with explicit Q/DQ, symmetric S8S8, and a float bias."""
    weights = {
        "s": np.float32(0.02),
        "z": np.int8(0),
        "w": RANDOM.integers(-127, 127, (4, 3, 3, 3)).astype(np.int8),
        "ws": np.full(4, 0.01, np.float32),
        "wz": np.zeros(4, np.int8),
        "b": np.ones(4, np.float32),
    }
    nodes = [
        helper.make_node("QuantizeLinear", ["images", "s", "z"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["dq"]),
        helper.make_node("DequantizeLinear", ["w", "ws", "wz"], ["wdq"], axis=0),
        helper.make_node("Conv", ["dq", "wdq", "b"], ["out"]),
    ]
    return save(tmp_path / "int8.onnx", nodes, weights, [1, 4, 6, 6])


@pytest.fixture
def half_model(tmp_path):
    """The same in half precision between float ends."""
    weights = {"w": RANDOM.normal(size=(4, 3, 3, 3)).astype(np.float16)}
    nodes = [
        helper.make_node("Cast", ["images"], ["h"], to=TensorProto.FLOAT16),
        helper.make_node("Conv", ["h", "w"], ["c"]),
        helper.make_node("Cast", ["c"], ["out"], to=TensorProto.FLOAT),
    ]
    return save(tmp_path / "half.onnx", nodes, weights, [1, 4, 6, 6])


def told(machine, model, **options):
    """Open a model; what TensorRT was told at its build."""
    TensorrtSession(model, options=RuntimeOptions(tensorrt=TensorrtOptions(**options)))
    return machine.trt.builds[-1]


@pytest.mark.parametrize("version", ["10.3.0", "10.13.3.9", "11.4.0.106"])
@pytest.mark.parametrize("model", ["float_model", "int8_model", "half_model"])
def test_from_10_on_the_file_says_the_precision(machine, version, model, request):
    machine.install(version)
    build = told(machine, request.getfixturevalue(model))
    assert (build["typed"], build["flags"]) == (True, set())


@pytest.mark.parametrize("version", ["8.5.3", "8.6.1"])
@pytest.mark.parametrize(
    ("model", "flags"),
    [("float_model", set()), ("int8_model", {"INT8"}), ("half_model", {"FP16"})],
)
def test_before_10_flags_say_it(machine, version, model, flags, request):
    machine.install(version)
    build = told(machine, request.getfixturevalue(model))
    assert (build["typed"], build["flags"]) == (False, flags)


@pytest.mark.parametrize("version", ["8.5.3", "8.6.1", "10.3.0", "10.13.3.9"])
def test_half_precision_may_be_allowed_up_to_10(machine, version, float_model, int8_model):
    machine.install(version)
    build = told(machine, float_model, precision="fp16")
    assert (build["typed"], build["flags"]) == (False, {"FP16"})
    assert told(machine, int8_model, precision="fp16")["flags"] == {"FP16", "INT8"}


def test_11_says_what_to_do_instead(machine, float_model, half_model):
    machine.install("11.4.0.106")
    with pytest.raises(ProviderError, match=r"11\.4\.0\.106 computes as the file is written.*fp32"):
        told(machine, float_model, precision="fp16")
    with pytest.raises(ProviderError, match="for DLA; make the bundle with the pass `half_prec"):
        told(machine, float_model, dla_core=0)
    assert machine.trt.builds == []
    assert told(machine, half_model, precision="fp16")["typed"]
    assert told(machine, half_model, dla_core=0)["dla_core"] == 0


@pytest.mark.parametrize("version", ["8.6.1", "10.3.0"])
def test_dla_computes_in_half_and_leaves_the_rest_to_the_gpu(machine, version, float_model):
    machine.install(version)
    build = told(machine, float_model, dla_core=1)
    assert build["flags"] == {"FP16", "GPU_FALLBACK"}
    assert (build["device"].name, build["dla_core"]) == ("DLA", 1)
    with pytest.raises(ProviderError, match="no DLA core 2: this GPU has 2"):
        told(machine, float_model, dla_core=2)


def test_workspace_and_level_reach_the_builder(machine, float_model):
    build = told(machine, float_model, workspace_mb=64, optimization_level=4)
    assert (build["workspace"], build["level"]) == (64 << 20, 4)
    build = told(machine, float_model)
    assert (build["workspace"], build["level"]) == (None, None)
    machine.install("8.5.3")
    with pytest.raises(ProviderError, match=r"8\.5\.3 has no `optimization_level`; 8\.6 has"):
        told(machine, float_model, optimization_level=4)


def test_packed_weights_are_unpacked_first(machine, tmp_path):
    weights = {"w": np.sign(RANDOM.normal(size=(16, 3, 8, 8))).astype(np.float32) / 3}
    nodes = [helper.make_node("Conv", ["images", "w"], ["out"])]
    path = save(tmp_path / "packed.onnx", nodes, weights, [1, 16, 1, 1])
    pack(path)
    image = RANDOM.random((1, 3, 8, 8), np.float32)
    wanted = OrtSession(path, threads=1).run(image)[0]
    np.testing.assert_allclose(TensorrtSession(path).run(image)[0], wanted, rtol=1e-5)


def test_weights_stored_in_half_are_widened_first(machine, tmp_path):
    weights = {"w": RANDOM.normal(size=(4, 3, 3, 3)).astype(np.float16)}
    nodes = [
        helper.make_node("Cast", ["w"], ["wide"], to=TensorProto.FLOAT),
        helper.make_node("Conv", ["images", "wide"], ["out"]),
    ]
    path = save(tmp_path / "stored.onnx", nodes, weights, [1, 4, 6, 6])
    assert ModelFile.of(path).written_precision() == "fp32"
    TensorrtSession(path)


def test_a_qdq_file_goes_to_tensorrt_as_it_is(machine, int8_model):
    # ONNX Runtime would make the bias an int32 with a DequantizeLinear, which TensorRT refuses.
    TensorrtSession(int8_model)
    assert ModelFile.of(int8_model).written_precision() == "int8"


def test_what_the_parser_refuses_is_told(machine, tmp_path):
    weights = {"b": np.ones(4, np.int32), "s": np.float32(1), "z": np.int32(0)}
    nodes = [
        helper.make_node("QuantizeLinear", ["images", "s"], ["q"]),
        helper.make_node("DequantizeLinear", ["b", "s"], ["wide"]),
        helper.make_node("Identity", ["images"], ["out"]),
    ]
    path = save(tmp_path / "bias.onnx", nodes, weights, [1, 3, 8, 8])
    with pytest.raises(ProviderError, match=r"10\.3\.0 cannot parse the model: Dequantize.*INT32"):
        TensorrtSession(path)


def test_a_builder_that_does_not_start_says_why(machine, float_model):
    machine.cuda.fails["Builder"] = 35
    with pytest.raises(ProviderError, match="TensorRT cannot start: CUDA initialization failure"):
        TensorrtSession(float_model)


@pytest.mark.parametrize("batch", [(0, 1, 1), (2, 1, 4), (1, 4, 2)])
def test_a_batch_that_does_not_grow_is_refused(batch):
    with pytest.raises(ValueError, match="1 <= least <= usual <= largest"):
        TensorrtOptions(batch=batch)


def test_a_model_with_two_inputs_is_refused(machine, tmp_path):
    graph = helper.make_graph(
        [helper.make_node("Add", ["a", "b"], ["c"])],
        "g",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 3, 8, 8]) for n in "ab"],
        [helper.make_tensor_value_info("c", TensorProto.FLOAT, [1, 3, 8, 8])],
    )
    path = tmp_path / "two.onnx"
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
    with pytest.raises(ModelError, match="needs one image input, has 2"):
        TensorrtSession(path)
