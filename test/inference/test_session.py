"""ONNX Runtime as a session."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from edge_compress.inference.onnxruntime_session import OrtSession
from edge_compress.inference.session import ModelError, ProviderError


def save(path, *, shape=(1, 3, 8, 8), kind=TensorProto.FLOAT, inputs=1):
    """Write an identity-like graph with inputs of this shape and type."""
    names = [f"in{i}" for i in range(inputs)]
    nodes = [helper.make_node("Identity", [n], [f"out_{n}"]) for n in names]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(n, kind, shape) for n in names],
        [helper.make_tensor_value_info(f"out_{n}", kind, shape) for n in names],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
    return path


def test_a_model_runs_and_says_what_it_is(tmp_path):
    session = OrtSession(save(tmp_path / "m.onnx"), threads=1)
    assert (session.provider, session.input_name) == ("cpu", "in0")
    assert session.input_shape == (1, 3, 8, 8)
    assert session.output_names == ("out_in0",)
    tensor = np.random.default_rng(0).random((1, 3, 8, 8), np.float32)
    np.testing.assert_array_equal(session.run(tensor)[0], tensor)


def test_a_model_may_come_as_bytes(tmp_path):
    data = save(tmp_path / "m.onnx").read_bytes()
    assert OrtSession(data).input_name == "in0"


def test_free_sizes_are_none(tmp_path):
    path = save(tmp_path / "m.onnx", shape=("n", 3, "h", "w"))
    assert OrtSession(path).input_shape == (None, 3, None, None)


@pytest.mark.parametrize("part", [0.0, 0.3, 0.9])
def test_a_truncated_file_is_refused_by_name(yolox_onnx, tmp_path, part):
    data = yolox_onnx.read_bytes()
    path = tmp_path / "short.onnx"
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(ModelError, match=r"short\.onnx") as error:
        OrtSession(path)
    assert "\n" not in str(error.value)


def test_what_is_no_onnx_is_refused(tmp_path):
    (tmp_path / "a.onnx").write_text("not a model")
    with pytest.raises(ModelError, match="cannot load it"):
        OrtSession(tmp_path / "a.onnx")
    with pytest.raises(ModelError, match="no such file"):
        OrtSession(tmp_path / "gone.onnx")


@pytest.mark.parametrize(
    "change",
    [
        {"shape": (1, 8)},
        {"shape": (1, 1, 8, 8)},
        {"shape": (1, 8, 8, 3)},
        {"kind": TensorProto.INT64},
        {"inputs": 2},
    ],
)
def test_a_model_without_an_image_input_is_refused(tmp_path, change):
    with pytest.raises(ModelError, match=r"needs one float32 image input .* has in0"):
        OrtSession(save(tmp_path / "m.onnx", **change))


def test_a_tensor_of_another_size_is_a_clear_error(tmp_path):
    session = OrtSession(save(tmp_path / "m.onnx"))
    with pytest.raises(ProviderError, match=r"\(cpu\) failed") as error:
        session.run(np.zeros((1, 3, 9, 8), np.float32))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("providers", "said"),
    [
        ((), "`providers` is empty"),
        (("npu",), "'npu'; known: tensorrt, cuda, cpu"),
        (("cuda", "cpu"), "no cuda provider"),
    ],
)
def test_a_provider_that_is_not_there_is_refused(tmp_path, providers, said):
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers() and "cuda" in providers:
        pytest.skip("this machine has CUDA")
    with pytest.raises(ProviderError, match=said):
        OrtSession(save(tmp_path / "m.onnx"), providers=providers)


def test_a_closed_session_does_not_run(tmp_path):
    session = OrtSession(save(tmp_path / "m.onnx"))
    session.close()
    session.close()
    with pytest.raises(ProviderError, match="closed"):
        session.run(np.zeros((1, 3, 8, 8), np.float32))


def test_the_runtime_is_told_to_be_a_good_neighbour(tmp_path):
    def options(**arguments):
        session = OrtSession(save(tmp_path / "m.onnx"), **arguments)
        return session._session.get_session_options()

    told = options(threads=3)
    assert (told.intra_op_num_threads, told.inter_op_num_threads) == (3, 1)
    # Threads that spin between frames take a whole core from the rest of the robot.
    assert told.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    levels = onnxruntime.GraphOptimizationLevel
    assert told.graph_optimization_level == levels.ORT_ENABLE_ALL
    assert options(optimize=False).graph_optimization_level == levels.ORT_DISABLE_ALL


def test_with_and_without_optimization_the_outputs_agree(yolox_onnx):
    tensor = np.random.default_rng(0).random((1, 3, 416, 416), np.float32) * 255
    plain = OrtSession(yolox_onnx, optimize=False).run(tensor)[0]
    fused = OrtSession(yolox_onnx).run(tensor)[0]
    np.testing.assert_allclose(fused, plain, atol=2e-3, rtol=1e-3)
