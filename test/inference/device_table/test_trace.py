"""A model's kernels as the runtime runs them, and their times."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from edge_compress.inference.device_table.block import channel_block
from edge_compress.inference.device_table.blocks import ACTIVATIONS, inverted, residual
from edge_compress.inference.device_table.graph import Graph
from edge_compress.inference.device_table.trace import Tracer
from edge_compress.inference.session import ModelError


def graph(*, int8: bool = False) -> Graph:
    return Graph(np.random.default_rng(0), (1, 3, 32, 48), int8=int8)


def traced(model: bytes, *, blocked: bool = True) -> list:
    with Tracer(model, blocked=blocked) as tracer:
        tracer.run(counted=False)
        for _ in range(3):
            tracer.run()
        return tracer.kernels()


def convolutions(found: list) -> list:
    return [one.kernel for one in found if one.kernel.operator.endswith("Conv")]


@pytest.mark.parametrize("blocked", [True, False])
def test_shapes_are_those_of_the_model_and_not_those_the_runtime_pads_to(blocked):
    net = graph()
    x = net.conv(net.input, 20, (3, 3), stride=2)
    x = net.add("Relu", x, shape=x.shape)
    x = net.conv(x, 20, (5, 5), groups=20)
    x = net.conv(x, 7, (1, 1))
    stem, depthwise, narrow = convolutions(traced(net.model(x), blocked=blocked))

    assert (stem.input, stem.output) == ((1, 3, 32, 48), (1, 20, 16, 24))
    assert (stem.kernel, stem.stride, stem.groups) == ((3, 3), (2, 2), 1)
    assert stem.activation == "Relu"
    assert depthwise.kernel == (5, 5)
    assert depthwise.groups == 20
    assert depthwise.input == depthwise.output == (1, 20, 16, 24)
    assert narrow.output == (1, 7, 16, 24)
    is_blocked = blocked and channel_block() > 1
    assert stem.operator.startswith("nchwc.") is is_blocked


def test_channels_are_found_whatever_an_exporter_calls_nodes_and_values():
    net = graph()
    x = net.conv(net.input, 20, (3, 3))
    x = net.conv(net.add("Relu", x, shape=x.shape), 12, (1, 1))
    model = onnx.load_from_string(net.model(x))
    for i, node in enumerate(model.graph.node):
        node.name = f"/layers/{i}"
    names = {node.output[0]: f"{i}" for i, node in enumerate(model.graph.node)}
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names[name] for name in node.output]
    model.graph.output[0].name = names[model.graph.output[0].name]
    found = convolutions(traced(model.SerializeToString()))
    assert [kernel.output[1] for kernel in found] == [20, 12]


def test_a_sum_that_is_fused_into_a_convolution_is_an_input_of_it():
    net = graph()
    x = net.conv(net.input, 16, (3, 3))
    y = residual(net, x, 16, (3, 3), ACTIVATIONS["relu"])
    assert [len(kernel.inputs) for kernel in convolutions(traced(net.model(y)))][-1] == 2


def test_integer_convolutions_are_seen_with_their_channels_first():
    net = graph(int8=True)
    x = ACTIVATIONS["relu"](net, net.conv(net.input, 16, (3, 3)))
    x = inverted(net, x, 32, 16, (3, 3), ACTIVATIONS["relu"])
    found = [k for k in convolutions(traced(net.model(x))) if k.operator == "QLinearConv"]
    assert [kernel.output[1] for kernel in found] == [16, 32, 32, 16][: len(found)]
    assert len(found) >= 3
    assert found[0].input == (1, 3, 32, 48)


def test_every_counted_run_gives_a_time_and_the_parts_make_the_whole():
    net = graph()
    x = net.conv(net.conv(net.input, 64, (3, 3)), 64, (3, 3))
    found = traced(net.model(x))
    assert {len(one.ms) for one in found} == {3}
    assert all((one.ms > 0).all() for one in found)
    by_size = {one.kernel.input[1]: one.ms.min() for one in found if one.kernel.kernel}
    assert by_size[64] > by_size[3]  # 21 times the work


def test_a_kernel_in_a_branch_does_not_break_the_trace():
    """What is inside of an If runs under another name than the graph's nodes."""
    scale = helper.make_node("Mul", ["images", "images"], ["squared"], "inner")
    keep = helper.make_node("Identity", ["images"], ["same"], "keep")
    value = helper.make_tensor_value_info
    shape = [1, 3, 8, 8]
    then = helper.make_graph([scale], "then", [], [value("squared", TensorProto.FLOAT, shape)])
    other = helper.make_graph([keep], "other", [], [value("same", TensorProto.FLOAT, shape)])
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], "mean", keepdims=0),
        helper.make_node("Greater", ["mean", "half"], ["large"], "greater"),
        helper.make_node("If", ["large"], ["output"], "if", then_branch=then, else_branch=other),
    ]
    half = helper.make_tensor("half", TensorProto.FLOAT, [], [0.0])
    model = helper.make_model(
        helper.make_graph(
            nodes,
            "branch",
            [value("images", TensorProto.FLOAT, shape)],
            [value("output", TensorProto.FLOAT, shape)],
            [half],
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    found = [one.kernel.operator for one in traced(model.SerializeToString())]
    assert "Greater" in found


def test_what_is_no_model_is_said(tmp_path):
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    with pytest.raises(ModelError, match=r"broken\.onnx: ONNX Runtime cannot load it"):
        Tracer(broken)


def test_nodes_without_names_are_told_apart():
    net = graph()
    x = net.conv(net.input, 24, (3, 3))
    x = net.add("Relu", net.conv(x, 12, (1, 1)), shape=(1, 12, 32, 48))
    model = onnx.load_from_string(net.model(net.conv(x, 20, (5, 5))))
    for node in model.graph.node:
        node.ClearField("name")
    found = convolutions(traced(model.SerializeToString()))
    assert [k.output[1] for k in found] == [24, 12, 20]
    assert [k.kernel for k in found] == [(3, 3), (1, 1), (5, 5)]
