"""Files of fewer bits, in ONNX Runtime, on real digits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from digits import Cnn, Mlp, accuracy, candidate_of, context_for, load_digits, trained
from onnx import TensorProto, numpy_helper
from torch import nn

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.export import export_fp32
from edge_compress.compress.export_plan import ExportPlan
from edge_compress.compress.onnx_module import OnnxModule
from edge_compress.compress.pass_base import PassFailed
from edge_compress.compress.passes.half_precision import HalfPrecision
from edge_compress.compress.passes.quantize import Quantize
from edge_compress.compress.passes.quantize_dynamic import QuantizeDynamic
from edge_compress.compress.progress import Silent
from edge_compress.compress.quantization.calibration import Method
from edge_compress.compress.target import Target

POINT = 0.01


def written(plan: ExportPlan, candidate: Candidate, folder: Path) -> Path:
    """The one file of a plan, and beside it the float one."""
    fp32 = folder / "model.fp32.onnx"
    export_fp32(candidate, fp32)
    (path,) = plan.export(fp32, folder, candidate, load_digits().learn, Silent()).values()
    return path


def file_accuracy(candidate: Candidate, path: Path) -> float:
    return accuracy(candidate.with_module(OnnxModule(path)))


def sizes(path: Path) -> tuple[int, int]:
    return path.stat().st_size, (path.parent / "model.fp32.onnx").stat().st_size


@pytest.mark.parametrize("method", ["minmax", "mean_minmax", "percentile", "entropy", "mse"])
@pytest.mark.parametrize("kind", [Mlp, Cnn])
def test_static_int8_keeps_the_accuracy(
    kind: type[nn.Module], method: Method, tmp_path: Path
) -> None:
    candidate = trained(kind)
    every_layer = Quantize(
        profiles=("ort-cpu",), method=method, float_below_db=None, float_predictions=False
    )
    path = written(every_layer, candidate, tmp_path)
    assert file_accuracy(candidate, path) >= accuracy(candidate) - 0.5 * POINT
    small, large = sizes(path)
    assert small < (0.3 if kind is Mlp else 0.4) * large


def test_dynamic_int8_of_linear_layers(tmp_path: Path) -> None:
    candidate = trained(Mlp)
    path = written(QuantizeDynamic(), candidate, tmp_path)
    assert path.name == "model.ort-cpu.int8.onnx"
    assert file_accuracy(candidate, path) >= accuracy(candidate) - 0.3 * POINT
    small, large = sizes(path)
    assert small < 0.3 * large
    graph = onnx.load(path).graph
    products = [node for node in graph.node if node.op_type == "MatMulInteger"]
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    weights = [tensors[node.input[1]] for node in products]
    assert [list(weight.dims) for weight in weights] == [[784, 100], [100, 10]]
    assert {weight.data_type for weight in weights} == {TensorProto.INT8}
    scales = [t for t in graph.initializer if t.name.endswith("_scale")]
    assert sorted(numpy_helper.to_array(t).size for t in scales) == [10, 100]  # one a feature


def test_dynamic_int8_leaves_convolutions_float(tmp_path: Path) -> None:
    candidate = trained(Cnn)
    path = written(QuantizeDynamic(), candidate, tmp_path)
    kinds = [node.op_type for node in onnx.load(path).graph.node]
    assert kinds.count("MatMulInteger") == 1
    assert "ConvInteger" not in kinds


def test_dynamic_int8_refuses_a_model_without_linear_layers(tmp_path: Path) -> None:
    candidate = candidate_of(nn.Sequential(nn.Conv2d(3, 10, 28), nn.Flatten()))
    with pytest.raises(PassFailed, match="no linear layer"):
        QuantizeDynamic().run(candidate, context_for(candidate))
    with pytest.raises(PassFailed, match=r"no linear layer .* is left"):
        written(QuantizeDynamic(exclude=("*Gemm*",)), trained(Mlp), tmp_path)


@pytest.mark.parametrize("kind", [Mlp, Cnn])
def test_half_precision(kind: type[nn.Module], tmp_path: Path) -> None:
    candidate = trained(kind)
    path = written(HalfPrecision(profiles=("tensorrt",)), candidate, tmp_path)
    assert path.name == "model.tensorrt.fp16.onnx"
    assert file_accuracy(candidate, path) >= accuracy(candidate) - 0.1 * POINT
    small, large = sizes(path)
    assert small < 0.55 * large
    graph = onnx.load(path).graph
    assert graph.input[0].type.tensor_type.elem_type == TensorProto.FLOAT
    assert graph.output[0].type.tensor_type.elem_type == TensorProto.FLOAT
    weights = [tensor for tensor in graph.initializer if len(tensor.dims) > 1]
    assert {tensor.data_type for tensor in weights} == {TensorProto.FLOAT16}


def test_half_precision_plans_for_the_target(tmp_path: Path) -> None:
    candidate = trained(Mlp)
    for profile in ("ort-cpu", "tensorrt"):
        context = context_for(candidate, target=Target(profile=profile))
        plan = HalfPrecision().run(candidate, context).quantization
        assert plan is not None
        assert plan.profiles == (profile,)


def test_static_int8_and_half_precision_for_a_profile_each(tmp_path: Path) -> None:
    candidate = trained(Mlp)
    context = context_for(candidate, target=Target(profile="tensorrt"))
    both = HalfPrecision().run(Quantize().run(candidate, context), context).quantization
    assert both is not None
    export_fp32(candidate, tmp_path / "model.fp32.onnx")
    files = both.export(tmp_path / "model.fp32.onnx", tmp_path, candidate, context.learn, Silent())
    assert {profile: path.name for profile, path in files.items()} == {
        "ort-cpu": "model.ort-cpu.int8.onnx",
        "tensorrt": "model.tensorrt.fp16.onnx",
    }


class Loud(nn.Module):
    """Squares and sums its input on the way: far beyond what half precision holds."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Conv2d(3, 8, 3)
        self.second = nn.Conv2d(8, 8, 3)
        self.last = nn.Linear(8, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.first(images))
        x = self.second(1e7 * x) / 1e7
        return self.last(torch.relu(x).mean((2, 3)))


def test_values_beyond_half_precision_stay_float(tmp_path: Path) -> None:
    candidate = candidate_of(Loud())
    path = written(HalfPrecision(profiles=("ort-cpu",)), candidate, tmp_path)
    graph = onnx.load(path).graph
    tensors = {tensor.name: tensor.data_type for tensor in graph.initializer}
    kinds = [tensors[node.input[1]] for node in graph.node if node.op_type == "Conv"]
    assert kinds == [TensorProto.FLOAT16, TensorProto.FLOAT]
    images = torch.rand(2, 3, 28, 28)
    exact, found = candidate.module(images)[0], OnnxModule(path)(images)[0]
    assert torch.allclose(exact, found, atol=1e-2 * float(exact.detach().abs().max()))
    assert bool(np.isfinite(found.numpy()).all())
