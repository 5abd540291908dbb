"""A packed file for runtimes that do not fold constants."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from edge_compress.compress.packing import pack
from edge_compress.inference.session import ModelError
from edge_compress.inference.unpacked import unpacked

WEIGHT = np.sign(np.random.default_rng(0).normal(size=(16, 3, 8, 8))).astype(np.float32) / 3


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """A convolution with binary weights."""
    graph = helper.make_graph(
        [helper.make_node("Conv", ["images", "weight"], ["output"])],
        "one layer",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 16, 1, 1])],
        [numpy_helper.from_array(WEIGHT, "weight")],
    )
    path = tmp_path / "packed.onnx"
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    pack(path)
    assert path.stat().st_size < WEIGHT.nbytes / 4
    return path


def test_it_has_plain_weights_again(packed):
    plain = onnx.load_from_string(unpacked(packed))
    onnx.checker.check_model(plain)
    assert [node.op_type for node in plain.graph.node] == ["Conv"]
    assert [node.domain for node in plain.graph.node] == [""]
    (weight,) = plain.graph.initializer
    np.testing.assert_allclose(numpy_helper.to_array(weight), WEIGHT, rtol=1e-6)


def test_it_computes_the_same_without_any_optimization(packed):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    image = {"images": np.random.default_rng(1).random((1, 3, 8, 8), np.float32)}
    found = onnxruntime.InferenceSession(unpacked(packed), options).run(None, image)[0]
    wanted = onnxruntime.InferenceSession(packed).run(None, image)[0]
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_what_is_no_model_is_told(tmp_path):
    with pytest.raises(ModelError, match="no such file"):
        unpacked(tmp_path / "missing.onnx")
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not a model")
    with pytest.raises(ModelError, match=r"broken\.onnx: ONNX Runtime cannot load it"):
        unpacked(broken)
