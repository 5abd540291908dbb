"""Which nodes stay float is found by structure."""

from __future__ import annotations

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

from edge_compress.compress.quantization.regions import tail, with_activations


def two_headed() -> ModelProto:
    """(image - 1) -> conv a -> sigmoid -> conv b -> two outputs: conv c -> exp, and conv d."""
    shapes = {"wa": (8, 3, 3, 3), "wb": (8, 8, 1, 1), "wc": (4, 8, 1, 1)}
    shapes["wd"] = (4, 8, 1, 1)
    weights = [numpy_helper.from_array(np.ones(s, np.float32), n) for n, s in shapes.items()]
    weights.append(numpy_helper.from_array(np.ones(1, np.float32), "one"))
    nodes = [
        helper.make_node("Sub", ["image", "one"], ["centred"], "sub"),
        helper.make_node("Conv", ["centred", "wa"], ["ta"], "a"),
        helper.make_node("Sigmoid", ["ta"], ["sa"], "gate"),
        helper.make_node("Conv", ["sa", "wb"], ["tb"], "b"),
        helper.make_node("Conv", ["tb", "wc"], ["tc"], "c"),
        helper.make_node("Exp", ["tc"], ["first"], "exp"),
        helper.make_node("Conv", ["tb", "wd"], ["second"], "d"),
        helper.make_node("Sigmoid", ["sa"], ["third"], "side"),
    ]
    value = helper.make_tensor_value_info
    image = value("image", TensorProto.FLOAT, [1, 3, 8, 8])
    outputs = [value(name, TensorProto.FLOAT, None) for name in ("first", "second", "third")]
    return helper.make_model(helper.make_graph(nodes, "g", [image], outputs, weights))


def test_tail_is_what_no_layer_follows() -> None:
    assert tail(two_headed(), with_predictions=False) == {"exp", "side"}
    assert tail(two_headed(), with_predictions=True) == {"exp", "side", "c", "d"}


def test_the_expectation_over_box_edges_is_decode() -> None:
    weights = [
        numpy_helper.from_array(np.ones((16, 3, 1, 1), np.float32), "w"),
        numpy_helper.from_array(np.arange(16, dtype=np.float32).reshape(1, 16, 1, 1), "bins"),
    ]
    nodes = [
        helper.make_node("Conv", ["image", "w"], ["edges"], "edges"),
        helper.make_node("Softmax", ["edges"], ["soft"], "softmax", axis=1),
        helper.make_node("Transpose", ["soft"], ["turned"], "transpose", perm=[0, 1, 3, 2]),
        helper.make_node("Conv", ["turned", "bins"], ["out"], "dfl"),
    ]
    value = helper.make_tensor_value_info
    image = value("image", TensorProto.FLOAT, [1, 3, 8, 8])
    out = value("out", TensorProto.FLOAT, None)
    model = helper.make_model(helper.make_graph(nodes, "g", [image], [out], weights))
    assert tail(model, with_predictions=False) == {"softmax", "transpose", "dfl"}
    assert tail(model, with_predictions=True) == {"edges", "softmax", "transpose", "dfl"}


def test_activations_stay_with_a_float_layer() -> None:
    assert with_activations(two_headed(), {"a"}) == {"a", "gate", "side"}
    assert with_activations(two_headed(), {"b"}) == {"b"}
