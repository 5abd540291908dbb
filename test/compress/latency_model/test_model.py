"""Predictions for a machine whose law is known."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from invented_machine import invented_table, kernels_of, whole
from scipy.stats import spearmanr

from edge_compress.compress.latency_model.model import LatencyModel
from edge_compress.compress.latency_model.overhead import Overhead
from edge_compress.inference.device_table.blocks import ACTIVATIONS
from edge_compress.inference.device_table.graph import Graph
from edge_compress.inference.device_table.networks import random_network
from edge_compress.inference.device_table.table import WholeRun
from edge_compress.inference.session import ModelError


@pytest.fixture(scope="module")
def table():
    return invented_table(24)


@pytest.fixture(scope="module")
def model(table):
    return LatencyModel(table)


def network(width: int, side: int = 64, *, int8: bool = False) -> bytes:
    graph = Graph(np.random.default_rng(0), (1, 3, side, side), int8=int8)
    act = ACTIVATIONS["relu"]
    x = act(graph, graph.conv(graph.input, width, (3, 3), stride=2))
    x = act(graph, graph.conv(x, width, (3, 3)))
    return graph.model(act(graph, graph.conv(x, 2 * width, (1, 1))))


def test_networks_that_are_not_in_the_table_are_predicted(model):
    unseen = [random_network(number, seed=1) for number in range(16)]
    true = np.asarray([whole(kernels_of(one)) for one in unseen])
    predicted = np.asarray([model.predict(one).ms for one in unseen])
    assert np.median(np.abs(predicted / true - 1)) < 0.1
    assert spearmanr(predicted, true)[0] > 0.95


def test_more_work_takes_longer_far_beyond_the_table_too(model):
    ms = [model.predict(network(32, side)).ms for side in (32, 128, 512)]
    assert ms[0] < ms[1] < ms[2]
    true = whole(kernels_of(network(32, 512)))
    assert ms[2] == pytest.approx(true, rel=0.4)


def test_each_layer_is_told_and_together_they_make_the_model(model):
    prediction = model.predict(network(16))
    assert [layer.kernel.output[1] for layer in prediction.layers if layer.kernel.kernel] == [
        *(16, 16, 32)
    ]
    assert all(layer.known and layer.ms > 0 for layer in prediction.layers)
    assert prediction.unknown == ()
    assert prediction.ms >= 0.3 * sum(layer.ms for layer in prediction.layers)


def test_a_model_from_a_file_is_predicted_as_from_bytes(model, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(network(16))
    assert model.predict(path) == model.predict(network(16))


def test_operators_that_the_table_does_not_have_are_named(table):
    rows = tuple(row for row in table.rows if "MaxPool" not in row.operator)
    graph = Graph(np.random.default_rng(0), (1, 8, 32, 32))
    pooled = graph.add(
        "MaxPool", graph.input, shape=(1, 8, 16, 16), kernel_shape=[2, 2], strides=[2] * 2
    )
    prediction = LatencyModel(table.model_copy(update={"rows": rows})).predict(graph.model(pooled))
    assert [name.removeprefix("nchwc.") for name in prediction.unknown] == ["MaxPool"]
    assert prediction.ms > 0


def test_a_quantized_model_never_looks_free_to_a_table_without_integers(table):
    rows = tuple(row for row in table.rows if "QLinear" not in row.operator)
    model = LatencyModel(table.model_copy(update={"rows": rows}))
    quantized = model.predict(network(64, int8=True))
    assert "QLinearConv" in quantized.unknown
    assert quantized.ms > 0.5 * model.predict(network(64)).ms


def test_networks_that_were_disturbed_do_not_move_the_overhead():
    honest = [
        WholeRun(kernels=k, kernels_ms=ms, p50_ms=0.02 - 0.003 * k + 1.05 * ms)
        for k in (5, 20, 60)
        for ms in (0.5, 2.0, 7.0, 20.0)
    ]
    disturbed = [one.model_copy(update={"p50_ms": one.p50_ms * 5}) for one in honest[:4]]
    overhead = Overhead([*honest, *disturbed])
    assert overhead.whole_ms(30, 3.0) == pytest.approx(0.02 - 0.09 + 3.15, rel=0.02)


def test_an_input_of_no_fixed_size_is_refused(model):
    graph = Graph(np.random.default_rng(0), (1, 3, 16, 16))
    free = onnx.load_from_string(graph.model(graph.conv(graph.input, 8, (3, 3))))
    free.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "height"
    free.graph.output[0].type.tensor_type.shape.dim[2].dim_param = "out"
    with pytest.raises(ModelError, match="of fixed size"):
        model.predict(free.SerializeToString())
