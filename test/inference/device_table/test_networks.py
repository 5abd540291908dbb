"""The random networks of a device table: real, finite, and of every kind of operator."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest

from edge_compress.inference.device_table.graph import Graph
from edge_compress.inference.device_table.networks import random_network
from edge_compress.inference.device_table.runtime import load, random_feeds
from edge_compress.inference.onnxruntime_session import session_options


def test_a_number_is_always_the_same_network_and_another_number_another():
    assert random_network(3) == random_network(3)
    assert random_network(3) != random_network(4)
    assert random_network(3) != random_network(3, seed=1)


def test_the_first_networks_have_what_camera_models_are_made_of():
    found, groups, quantized = set(), set(), 0
    channels = set()
    for number in range(60):
        graph = onnx.load_from_string(random_network(number)).graph
        operators = {node.op_type for node in graph.node}
        found |= operators
        quantized += "QuantizeLinear" in operators
        for node in graph.node:
            if node.op_type == "Conv":
                groups |= {a.i for a in node.attribute if a.name == "group"}
        channels |= {t.dims[0] for t in graph.initializer if len(t.dims) == 4}
    assert found >= {
        *("Conv", "Gemm", "Add", "Concat", "MaxPool", "AveragePool", "GlobalAveragePool"),
        *("Resize", "Slice", "Reshape", "Transpose", "Split", "Softmax", "Flatten"),
        *("Relu", "Clip", "Sigmoid", "Mul", "HardSwish", "LeakyRelu"),
    }
    assert max(groups) > 16
    assert 1 <= quantized <= 20
    assert any(n % 8 for n in channels)
    assert any(n % 16 == 0 for n in channels)


@pytest.mark.parametrize("number", [0, 1, 2, 6, 7, 9, 11, 12, 16])
def test_a_network_runs_and_its_values_stay_ordinary(number):
    """Values near 0 or infinity make a CPU slow, which would be taken for the operator."""
    model = onnx.load_from_string(random_network(number))
    everything = [
        onnx.helper.make_empty_tensor_value_info(name)
        for node in model.graph.node
        for name in node.output
    ]
    del model.graph.output[:]
    model.graph.output.extend(everything)
    options = session_options(1)
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = load(model.SerializeToString(), options)
    for values in session.run(None, random_feeds(session)):
        if values.dtype == np.float32:
            assert np.isfinite(values).all()
            small = (values != 0) & (np.abs(values) < np.finfo(np.float32).tiny)
            assert small.mean() < 0.01


def test_macs_of_a_convolution_are_counted():
    graph = Graph(np.random.default_rng(0), (1, 3, 16, 20))
    x = graph.conv(graph.input, 8, (3, 3), stride=2)
    assert x.shape == (1, 8, 8, 10)
    assert graph.macs == 8 * 8 * 10 * 3 * 9
