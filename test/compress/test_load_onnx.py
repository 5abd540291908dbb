"""An .onnx file becomes a torch module that trains, or is refused with what to do."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from edge_compress.bundle.schema import InputSpec
from edge_compress.compress.models import ModelSourceError, load_model
from edge_compress.compress.models.onnx_file import runs_as_it_is
from edge_compress.compress.recipe import ModelConfig
from edge_compress.inference.onnxruntime_session import OrtSession

YOLOX = {"kind": "yolox"}
YOLOX_8 = {"kind": "yolox", "strides": [8]}


def load(path, head=YOLOX_8, **given):
    task = "classification" if head["kind"] == "classifier" else "detection"
    return load_model(ModelConfig(source=str(path), head=head, **given), task)


def refused(path, head=YOLOX_8, **given) -> str:
    with pytest.raises(ModelSourceError) as caught:
        load(path, head, **given)
    assert str(path) in str(caught.value)
    return str(caught.value)


def write(path, nodes, inputs, outputs, constants=(), opset=17):
    def values(named):
        return [
            helper.make_tensor_value_info(name, kind, shape)
            for name, (kind, shape) in named.items()
        ]

    arrays = [numpy_helper.from_array(np.asarray(v), name) for name, v in dict(constants).items()]
    graph = helper.make_graph(nodes, "small", values(inputs), values(outputs), arrays)
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8), path
    )
    return path


@pytest.fixture(scope="module")
def yolox(yolox_onnx):
    return load(yolox_onnx, YOLOX, labels="coco")


def run(candidate, tensor):
    with torch.no_grad():
        return candidate.module(tensor)[0]


def test_yolox_nano_computes_in_torch_what_the_runtime_computes(yolox, yolox_onnx):
    tensor = torch.rand(1, 3, 416, 416) * 255
    (expected,) = OrtSession(yolox_onnx).run(tensor.numpy())
    assert np.abs(run(yolox, tensor).numpy() - expected).max() < 1e-3
    assert yolox.output_names == ("output",)
    assert yolox.input.name == "images"
    assert (yolox.input.height, yolox.input.width) == (416, 416)


def test_yolox_nano_runs_in_batches_though_its_reshapes_hold_a_batch_of_one(yolox):
    pair = torch.rand(2, 3, 416, 416) * 255
    together = run(yolox, pair)
    alone = torch.cat([run(yolox, image[None]) for image in pair])
    assert together.shape == (2, 3549, 85)
    assert torch.allclose(together, alone, atol=1e-3)


@pytest.mark.parametrize(("height", "width"), [(320, 416), (192, 256), (416, 640)])
def test_yolox_nano_runs_at_other_multiples_of_32(yolox, height, width):
    cells = sum((height // s) * (width // s) for s in (8, 16, 32))
    assert run(yolox, torch.rand(3, 3, height, width)).shape == (3, cells, 85)


def test_yolox_nano_at_another_size_is_what_the_file_would_be_if_made_for_it(
    yolox, yolox_onnx, tmp_path
):
    other = onnx.load(yolox_onnx)
    sizes = other.graph.input[0].type.tensor_type.shape.dim
    sizes[2].dim_value, sizes[3].dim_value = 256, 320
    del other.graph.value_info[:]
    other.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 1680
    onnx.save(other, tmp_path / "other.onnx")
    tensor = torch.rand(1, 3, 256, 320) * 255
    (expected,) = OrtSession(tmp_path / "other.onnx").run(tensor.numpy())
    assert np.abs(run(yolox, tensor).numpy() - expected).max() < 1e-3


def test_silu_is_one_operation_and_no_parameter_of_the_graph_is_left_a_tensor(yolox):
    kinds = {type(module).__name__ for module in yolox.module.modules()}
    assert "SiLU" in kinds
    assert not kinds & {"OnnxSlice", "OnnxReshape", "OnnxResize", "InitializersContainer"}
    assert not list(yolox.module.buffers())


def test_gradients_reach_every_weight_of_yolox_nano(yolox):
    run_with_gradient = yolox.module(torch.rand(1, 3, 64, 64) * 255)[0]
    run_with_gradient.square().sum().backward()
    gradients = [parameter.grad for parameter in yolox.module.parameters()]
    yolox.module.zero_grad(set_to_none=True)
    assert all(gradient is not None for gradient in gradients)


def test_a_batch_axis_that_is_open_stays_open(tmp_path, tiny):
    from_torch = tmp_path / "open.onnx"
    torch.onnx.export(
        tiny.tiny().eval(),
        (torch.zeros(1, 3, 64, 64),),
        str(from_torch),
        input_names=["images"],
        output_names=["output"],
        dynamic_axes={"images": {0: "n"}, "output": {0: "n"}},
        opset_version=17,
        dynamo=False,
    )
    candidate = load(from_torch, labels=("cat", "dog"))
    assert run(candidate, torch.rand(5, 3, 64, 64)).shape == (5, 64, 7)
    assert runs_as_it_is(from_torch)


def test_a_batch_of_four_is_freed_too(tmp_path, tiny):
    path = tmp_path / "four.onnx"
    torch.onnx.export(
        tiny.tiny().eval(),
        (torch.zeros(4, 3, 64, 64),),
        str(path),
        input_names=["images"],
        opset_version=17,
        dynamo=False,
    )
    assert run(load(path, labels=("cat", "dog")), torch.rand(1, 3, 64, 64)).shape == (1, 64, 7)
    assert not runs_as_it_is(path)


def test_an_open_image_size_needs_the_recipes_input(tmp_path, tiny):
    path = tmp_path / "open.onnx"
    torch.onnx.export(
        tiny.tiny().eval(),
        (torch.zeros(1, 3, 64, 64),),
        str(path),
        input_names=["images"],
        dynamic_axes={"images": {0: "n", 2: "h", 3: "w"}},
        opset_version=17,
        dynamo=False,
    )
    assert "`model.input.height`" in refused(path)
    candidate = load(path, input=InputSpec(height=96, width=64))
    assert run(candidate, torch.rand(2, 3, 96, 64)).shape == (2, 96, 7)
    assert not runs_as_it_is(path)


def test_an_input_that_contradicts_the_file_is_refused(tiny_onnx):
    message = refused(tiny_onnx, input=InputSpec(height=32, width=64))
    assert "64 x 64" in message
    assert "32 x 64" in message
    assert "resize_input" in message
    assert "'images'" in refused(tiny_onnx, input=InputSpec(name="x", height=64, width=64))


def test_labels_that_nobody_gave_are_numbers(tiny_onnx):
    assert load(tiny_onnx).labels == ("0", "1")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_truncated_file_is_refused(tmp_path, yolox_onnx, share):
    data = yolox_onnx.read_bytes()
    path = tmp_path / "cut.onnx"
    path.write_bytes(data[: int(len(data) * share)])
    message = refused(path, YOLOX)
    assert "truncated, or not an ONNX file" in message or "the graph is empty" in message


@pytest.mark.parametrize("content", [b"not onnx at all", b"\x00" * 500, b"PK\x03\x04 a zip"])
def test_what_is_no_onnx_is_refused(tmp_path, content):
    path = tmp_path / "text.onnx"
    path.write_bytes(content)
    refused(path)


FLOAT = TensorProto.FLOAT


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        (FLOAT, [1, 10]),
        (FLOAT, [1, 64, 64, 3]),
        (FLOAT, [1, 1, 64, 64]),
        (TensorProto.UINT8, [1, 3, 8, 8]),
    ],
)
def test_a_graph_without_an_image_input_is_refused(tmp_path, kind, shape):
    node = helper.make_node("Identity", ["x"], ["y"])
    path = write(tmp_path / "m.onnx", [node], {"x": (kind, shape)}, {"y": (kind, shape)})
    message = refused(path)
    assert str(shape) in message
    assert "float32" in message


def test_a_graph_with_two_inputs_is_refused(tmp_path):
    image = (FLOAT, [1, 3, 8, 8])
    node = helper.make_node("Add", ["a", "b"], ["y"])
    path = write(tmp_path / "m.onnx", [node], {"a": image, "b": image}, {"y": image})
    assert "exactly one input" in refused(path)


def test_an_operator_that_cannot_be_converted_is_named(tmp_path):
    node = helper.make_node("GridSample", ["x", "grid"], ["y"])
    path = write(
        tmp_path / "m.onnx",
        [node],
        {"x": (FLOAT, [1, 3, 8, 8])},
        {"y": (FLOAT, [1, 3, 2, 2])},
        {"grid": np.zeros((1, 2, 2, 2), np.float32)},
    )
    message = refused(path)
    assert "GridSample" in message
    assert "package.module:factory" in message


def test_newer_operators_are_read_in_their_older_form(tmp_path):
    node = helper.make_node("ReduceMean", ["x", "axes"], ["y"], keepdims=0)
    path = write(
        tmp_path / "m.onnx",
        [node],
        {"x": (FLOAT, [1, 3, 8, 8])},
        {"y": (FLOAT, [1, 3])},
        {"axes": np.array([2, 3])},
        opset=18,
    )
    assert load(path, {"kind": "classifier"}).labels == ("0", "1", "2")


def test_an_operator_that_is_converted_inexactly_is_refused(tmp_path):
    """onnx2torch turns any nearest mode into floor; silence here would spoil every result."""
    node = helper.make_node(
        "Resize",
        ["x", "", "scales"],
        ["y"],
        mode="nearest",
        nearest_mode="ceil",
        coordinate_transformation_mode="half_pixel",
    )
    path = write(
        tmp_path / "m.onnx",
        [node],
        {"x": (FLOAT, [1, 3, 8, 8])},
        {"y": (FLOAT, [1, 3, 16, 16])},
        {"scales": np.array([1, 1, 2, 2], np.float32)},
    )
    assert "differs by" in refused(path)


def test_images_that_are_mixed_in_a_batch_are_refused(tmp_path):
    node = helper.make_node("ReduceMean", ["x"], ["y"], axes=[0], keepdims=1)
    image = (FLOAT, ["n", 3, 8, 8])
    path = write(tmp_path / "m.onnx", [node], {"x": image}, {"y": (FLOAT, [1, 3, 8, 8])})
    assert "batch" in refused(path)


def test_a_head_that_does_not_fit_the_outputs_is_told_with_their_shapes(tiny_onnx):
    message = refused(tiny_onnx, {"kind": "yolox", "strides": [16]})
    assert "output [1, 64, 7]" in message
    assert "`model.head` 'yolox'" in message
    assert "'detr'" in refused(tiny_onnx, {"kind": "detr"}, labels=("cat", "dog"))
    assert "`model.head`" in refused(tiny_onnx, {"kind": "nms-in-graph"}, labels=("cat", "dog"))


def test_labels_that_do_not_fit_the_classes_are_refused(tiny_onnx):
    message = refused(tiny_onnx, labels=("cat",))
    assert "has 2 classes" in message
    assert "`model.labels` has 1" in message


def test_weights_beside_the_file_make_it_unfit_for_a_bundle_but_not_for_a_run(tmp_path):
    class Big(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 16, 3)

        def forward(self, x):
            return self.conv(x).mean((2, 3))

    plain = tmp_path / "plain.onnx"
    torch.onnx.export(
        Big().eval(),
        (torch.zeros(1, 3, 16, 16),),
        str(plain),
        input_names=["images"],
        opset_version=17,
        dynamo=False,
    )
    path = tmp_path / "big.onnx"
    onnx.save(onnx.load(plain), path, save_as_external_data=True, size_threshold=0)
    assert load(path, {"kind": "classifier"}).labels == tuple(str(i) for i in range(16))
    assert not runs_as_it_is(path)
    next(p for p in tmp_path.iterdir() if p.suffix not in (".onnx",)).unlink()
    refused(path, {"kind": "classifier"})


def test_the_runtime_agrees_that_such_files_are_what_we_say(tiny_onnx):
    assert onnxruntime.InferenceSession(str(tiny_onnx)).get_inputs()[0].shape == [1, 3, 64, 64]
