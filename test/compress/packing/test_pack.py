"""A packed file is the same model: it opens, computes and runs as before, and is smaller."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import torchvision
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from edge_compress.compress.half_storage import store_half
from edge_compress.compress.models import load_model
from edge_compress.compress.packing import is_packed, pack
from edge_compress.compress.recipe import ModelConfig


class Mixed(nn.Module):
    """Weights of every layer that has some, with batch norm to be folded, one of them shared."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 32, 3, 2, bias=False), nn.BatchNorm2d(32), nn.ReLU())
        self.depthwise = nn.Sequential(
            nn.Conv2d(32, 32, 5, groups=32, bias=False), nn.BatchNorm2d(32)
        )
        self.up = nn.Sequential(nn.ConvTranspose2d(32, 16, 4, 2, bias=False), nn.BatchNorm2d(16))
        self.shared = nn.Conv2d(16, 16, 3, padding=1)
        self.linear = nn.Linear(16, 64)  # of three axes: a MatMul
        self.final = nn.Linear(64, 10)  # a Gemm
        for norm in (self.stem[1], self.depthwise[1], self.up[1]):
            norm.weight.data.uniform_(0.2, 3)
            norm.running_var.uniform_(0.5, 2)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        seen = self.up(self.depthwise(self.stem(images)))
        seen = self.shared(self.shared(seen).relu())
        tokens = self.linear(seen.flatten(2).transpose(1, 2)).relu()
        return self.final(tokens.mean(1))


def on_grids(module: nn.Module, bits: int) -> nn.Module:
    """Symmetric grids, one for each output channel."""
    for layer in module.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            axis = int(isinstance(layer, nn.ConvTranspose2d))
            weight = layer.weight.data
            others = [i for i in range(weight.ndim) if i != axis]
            step = weight.abs().amax(others, keepdim=True) / (2 ** (bits - 1) - 1)
            layer.weight.data = (weight / step).round() * step
    return module


def exported(module: nn.Module, path: Path) -> Path:
    torch.onnx.export(
        module.eval(),
        (torch.zeros(1, 3, 32, 32),),
        str(path),
        opset_version=17,
        input_names=["images"],
        output_names=["output"],
        dynamo=False,
    )
    return path


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    return exported(on_grids(Mixed(), 4), tmp_path / "mixed.onnx")


def run(path: Path) -> np.ndarray:
    image = np.random.default_rng(0).random((1, 3, 32, 32), np.float32)
    return onnxruntime.InferenceSession(path).run(None, {"images": image})[0]


def as_run(path: Path, tmp_path: Path) -> onnx.ModelProto:
    """What ONNX Runtime makes of the file, with all its optimizations."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
    onnxruntime.InferenceSession(path, options)
    return onnx.load(tmp_path / "optimized.onnx")


def shapes(model: onnx.ModelProto) -> list[tuple[int, list[int]]]:
    return sorted((tensor.data_type, list(tensor.dims)) for tensor in model.graph.initializer)


def test_the_runtime_sees_the_same_graph(mixed, tmp_path):
    plain, result, size = as_run(mixed, tmp_path), run(mixed), mixed.stat().st_size
    pack(mixed)
    opened = as_run(mixed, tmp_path)
    assert [node.op_type for node in opened.graph.node] == [n.op_type for n in plain.graph.node]
    assert shapes(opened) == shapes(plain)
    np.testing.assert_allclose(run(mixed), result, rtol=1e-5, atol=1e-6)
    assert mixed.stat().st_size < 0.4 * size


def test_every_weight_is_packed(mixed):
    pack(mixed)
    left = [t for t in onnx.load(mixed).graph.initializer if t.data_type == TensorProto.FLOAT]
    assert sum(int(np.prod(t.dims)) for t in left) < 600, "steps, biases and the depthwise layer"


def test_packing_twice_changes_nothing(mixed):
    pack(mixed)
    once = mixed.read_bytes()
    pack(mixed)
    assert mixed.read_bytes() == once


def test_packing_in_two_goes_is_packing_at_once(mixed):
    """A file of which a part was packed earlier keeps its names apart."""
    pack(mixed)
    model = onnx.load(mixed)
    weight = np.sign(np.random.default_rng(0).normal(size=(32, 32))).astype(np.float32)
    model.graph.initializer.append(numpy_helper.from_array(weight, "more"))
    model.graph.node.append(helper.make_node("ReduceSum", ["more"], ["sum"]))
    model.graph.output.append(helper.make_tensor_value_info("sum", TensorProto.FLOAT, [1, 1]))
    onnx.save(model, mixed)
    pack(mixed)
    names = [tensor.name for tensor in onnx.load(mixed).graph.initializer]
    assert "more" not in names
    assert len(set(names)) == len(names)
    assert np.isfinite(run(mixed)).all()


def test_dense_weights_leave_the_file_alone(tmp_path):
    torch.manual_seed(0)
    path = exported(Mixed(), tmp_path / "dense.onnx")
    before = path.read_bytes()
    pack(path)
    assert path.read_bytes() == before


def test_quantized_files_are_left_alone(mixed, tmp_path):
    model = onnx.load(mixed)
    scale = numpy_helper.from_array(np.array(0.1, np.float32), "scale")
    model.graph.initializer.append(scale)
    model.graph.node.insert(0, helper.make_node("QuantizeLinear", ["images", "scale"], ["codes"]))
    onnx.save(model, mixed)
    before = mixed.read_bytes()
    pack(mixed)
    assert mixed.read_bytes() == before


def test_a_weight_that_is_an_output_stays(mixed):
    model = onnx.load(mixed)
    (name,) = (t.name for t in model.graph.initializer if list(t.dims) == [10, 64])
    model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [10, 64]))
    onnx.save(model, mixed)
    pack(mixed)
    assert name in {tensor.name for tensor in onnx.load(mixed).graph.initializer}


def test_half_storage_takes_what_packing_leaves(tmp_path):
    torch.manual_seed(0)
    module = on_grids(Mixed(), 4)
    module.linear.weight.data = torch.randn_like(module.linear.weight)
    path = exported(module, tmp_path / "model.onnx")
    result = run(path)
    pack(path)
    packed = path.stat().st_size
    store_half(path)
    assert path.stat().st_size < packed - 64 * 16 * 1.5
    halved = [t for t in onnx.load(path).graph.initializer if t.data_type == TensorProto.FLOAT16]
    assert len(halved) == 2, "the weight of ordinary values and its bias, not the grids' steps"
    np.testing.assert_allclose(run(path), result, rtol=1e-2, atol=1e-2)


def test_the_values_of_a_sparse_weight_may_be_stored_in_half(tmp_path):
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 64, 3), nn.Conv2d(64, 64, 3), nn.Flatten())
    for layer in module[:2]:
        layer.weight.data = torch.nn.functional.dropout(layer.weight.data, 0.8).half().float()
    path = exported(module, tmp_path / "model.onnx")
    result = run(path)
    pack(path)
    packed = path.stat().st_size
    store_half(path)
    assert path.stat().st_size < 0.65 * packed
    np.testing.assert_allclose(run(path), result, rtol=1e-3, atol=1e-3)


def test_a_packed_file_can_be_compressed_again(tmp_path):
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 32, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    module = on_grids(nn.Sequential(*layers, nn.Linear(32, 8)), 4)
    path = exported(module, tmp_path / "model.onnx")
    pack(path)
    assert is_packed(onnx.load(path))
    config = ModelConfig(source=str(path), head={"kind": "classifier"})
    loaded = load_model(config, "classification").module
    weights = [m.weight for m in loaded.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    for weight, layer in zip(weights, (module[0], module[4]), strict=True):
        torch.testing.assert_close(weight, layer.weight, rtol=1e-6, atol=0)


@pytest.mark.slow
def test_a_large_model_takes_seconds(tmp_path):
    torch.manual_seed(0)
    path = exported(on_grids(torchvision.models.resnet18(weights=None), 8), tmp_path / "r18.onnx")
    size, result = path.stat().st_size, run(path)
    began = time.process_time()
    pack(path)
    assert time.process_time() - began < 15
    assert path.stat().st_size < 0.26 * size
    began = time.process_time()
    opened = run(path)
    assert time.process_time() - began < 5
    np.testing.assert_allclose(opened, result, rtol=1e-4, atol=1e-4)
