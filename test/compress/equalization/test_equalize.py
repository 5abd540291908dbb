"""Equalization leaves the function as it is, and gives 8 bits weights that they can hold."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from badly_scaled import badly_scaled
from digits import Cnn, accuracy, candidate_of, context_for, load_digits, trained
from torch import nn

from edge_compress.bundle.schema import InputSpec, YoloxHead
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.constraints import Constraint, constrain
from edge_compress.compress.equalization.pairs import find_pairs
from edge_compress.compress.equalization.scale import channel_precision, equalize
from edge_compress.compress.export import export_fp32
from edge_compress.compress.models import load_model
from edge_compress.compress.models.layer_graph import layer_graph
from edge_compress.compress.onnx_module import OnnxModule
from edge_compress.compress.pass_base import PassFailed
from edge_compress.compress.passes.equalize import Equalize
from edge_compress.compress.passes.quantize import Quantize
from edge_compress.compress.progress import Silent
from edge_compress.compress.recipe import ModelConfig

PER_TENSOR = Quantize(
    profiles=("ort-cpu",),
    method="minmax",
    per_channel=False,
    float_below_db=None,
    float_predictions=False,
    min_sqnr_db=-100,
)


class Mobile(nn.Module):
    """Inverted residual blocks: expansion, depthwise, projection; with groups and branches."""

    def __init__(self, activation: Callable[[], nn.Module] = nn.ReLU) -> None:
        super().__init__()
        self.stem = self._unit(3, 8, 3, 2, 1, activation)
        self.expand = self._unit(8, 24, 1, 1, 1, activation)
        self.depthwise = self._unit(24, 24, 3, 1, 24, activation)
        self.project = self._unit(24, 8, 1, 1, 1, nn.Identity)
        self.grouped = self._unit(8, 16, 3, 2, 4, activation)
        self.left = nn.Conv2d(16, 6, 1)
        self.right = nn.Conv2d(16, 4, 3, padding=1)
        self.classes = nn.Linear(10, 10)

    @staticmethod
    def _unit(
        inputs: int,
        outputs: int,
        kernel: int,
        stride: int,
        groups: int,
        activation: Callable[[], nn.Module],
    ) -> nn.Sequential:
        padding = kernel // 2
        conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)
        return nn.Sequential(conv, nn.BatchNorm2d(outputs), activation())

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        x = self.stem(images)
        x = x + self.project(self.depthwise(self.expand(x)))
        x = self.grouped(x)
        x = torch.cat([self.left(x), self.right(x)], 1)
        x = nn.functional.adaptive_avg_pool2d(torch.relu(x), 1)
        return self.classes(torch.flatten(x, 1))


def mobile(activation: Callable[[], nn.Module] = nn.ReLU) -> Candidate:
    """With batch norm's statistics as different as those of trained networks."""
    torch.manual_seed(0)
    module = Mobile(activation)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.running_mean)
            nn.init.uniform_(part.running_var, 0.01, 4.0)
            nn.init.uniform_(part.weight, 0.05, 3.0)
            nn.init.normal_(part.bias)
    return candidate_of(module)


def largest_difference(a: Candidate, b: Candidate) -> float:
    images = torch.rand(4, 3, 28, 28, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        wanted, got = a.module(images)[0], b.module(images)[0]
    return float((wanted - got).abs().max() / wanted.abs().max())


def int8_accuracy(plan: Quantize, candidate: Candidate, folder: Path) -> float:
    fp32 = folder / "model.fp32.onnx"
    export_fp32(candidate, fp32)
    path = plan.export(fp32, folder, candidate, load_digits().learn, Silent())["ort-cpu"]
    return accuracy(candidate.with_module(OnnxModule(path)))


def test_a_network_that_one_scale_a_tensor_breaks_is_fine_again(tmp_path: Path) -> None:
    broken = badly_scaled(trained(Cnn), decades=4)
    assert accuracy(broken) == pytest.approx(accuracy(trained(Cnn)), abs=0.002)
    equalized = Equalize().run(broken, context_for(broken))
    assert largest_difference(broken, equalized) < 1e-4
    assert int8_accuracy(PER_TENSOR, broken, tmp_path) < 0.3
    assert int8_accuracy(PER_TENSOR, equalized, tmp_path) > accuracy(broken) - 0.01
    # Activations have one scale a tensor even when weights have one a channel.
    per_channel = PER_TENSOR.model_copy(update={"per_channel": True})
    assert int8_accuracy(per_channel, broken, tmp_path) < 0.7
    assert int8_accuracy(per_channel, equalized, tmp_path) > accuracy(broken) - 0.01


def test_depthwise_grouped_and_branching_layers_compute_the_same() -> None:
    candidate = mobile()
    before = copy.deepcopy(candidate.module.state_dict())
    equalized = Equalize().run(candidate, context_for(candidate))
    assert largest_difference(candidate, equalized) < 1e-4
    pairs = find_pairs(layer_graph(equalized.module)).pairs
    names = {pair.name: len(pair.seconds) for pair in pairs}
    assert names == {
        "module.expand.0": 1,
        "module.depthwise.0": 1,
        "module.grouped.0": 2,  # both branches
    }
    for pair in pairs[:2]:
        first = pair.first.weight.detach().flatten(1).abs().amax(1)
        second = pair.seconds[0].weight.detach()
        second = second.flatten(1) if pair.name == "module.expand.0" else second[:, :, 0, 0].T
        assert torch.allclose(first, second.abs().amax(1), rtol=0.02)
    after = candidate.module.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_the_channels_use_more_of_the_range() -> None:
    module = badly_scaled(trained(Cnn), decades=3).module
    pairs = find_pairs(layer_graph(module)).pairs
    before = channel_precision(pairs)
    equalize(pairs)
    assert before < 0.05
    assert channel_precision(pairs) > 0.5


def test_a_dead_channel_is_left_alone() -> None:
    candidate = badly_scaled(trained(Cnn), decades=2)
    candidate.module.module[0].weight.data[3] = 0
    candidate.module.module[3].weight.data[:, 5] = 0
    equalized = Equalize().run(candidate, context_for(candidate))
    assert largest_difference(candidate, equalized) < 1e-4
    assert not equalized.module.module[0].weight[3].any()


def test_relu6_becomes_relu_where_that_does_no_harm() -> None:
    candidate = mobile(nn.ReLU6)
    replaced = Equalize(max_relu6_drop=1.0).run(candidate, context_for(candidate))
    kinds = [type(m) for m in replaced.module.modules() if isinstance(m, nn.ReLU | nn.ReLU6)]
    assert kinds == [nn.ReLU6, *[nn.ReLU] * 3]  # the stem's leads to an addition
    with pytest.raises(PassFailed, match="ReLU6"):
        Equalize(relu6="keep").run(candidate, context_for(candidate))


def test_relu6_stays_where_it_matters() -> None:
    class Clipped(Cnn):
        """Clips nearly everything, so that the clip is what the classes are told by."""

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return super().forward(images * 40)

    plain = trained(Cnn)
    module = Clipped()
    module.load_state_dict(plain.module.module.state_dict())
    module[2], module[5] = nn.ReLU6(), nn.ReLU6()
    candidate = candidate_of(module)
    context = context_for(candidate, labels=False)  # judged by agreement with itself
    with pytest.raises(PassFailed, match="ReLU6"):
        Equalize(max_relu6_drop=0.0).run(candidate, context)


def test_an_activation_that_scales_do_not_pass_is_named() -> None:
    with pytest.raises(PassFailed, match=r"what follows is SiLU.*replace_activation"):
        Equalize().run(mobile(nn.SiLU), context_for(mobile(nn.SiLU)))


def test_a_module_that_cannot_be_read_is_told() -> None:
    class Deciding(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(784, 10)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            x = images[:, 0].flatten(1)
            return self.layer(x if x.sum() > 0 else -x)

    candidate = candidate_of(Deciding())
    with pytest.raises(PassFailed, match=r"torch\.fx cannot read Deciding.*ONNX"):
        Equalize().run(candidate, context_for(candidate))


def test_weights_that_must_stay_on_a_grid_are_not_scaled() -> None:
    class Whole(Constraint):
        """Multiples of 0.01."""

        def parametrization(self, weight: torch.Tensor) -> nn.Module:
            return nn.Identity()

        def applied(self, weight: torch.Tensor) -> torch.Tensor:
            return (weight / 0.01).round() * 0.01

    candidate = badly_scaled(trained(Cnn), decades=2)
    layer = candidate.module.module[3]
    layer.weight.data = Whole().applied(layer.weight.data)
    constrain(layer, Whole())
    with pytest.raises(PassFailed, match=r"module\.3 must stay on a grid"):
        Equalize().run(candidate, context_for(candidate))


def test_an_imported_graph_is_equalized(tmp_path: Path) -> None:
    broken = badly_scaled(trained(Cnn), decades=4)
    path = tmp_path / "digits.onnx"
    export_fp32(broken, path)
    spec = InputSpec(height=28, width=28, scale=1 / 255, fit="stretch")
    config = ModelConfig(source=str(path), labels=broken.labels, input=spec, head=broken.head)
    imported = load_model(config, "classification")
    equalized = Equalize().run(imported, context_for(broken))
    assert largest_difference(imported, equalized) < 1e-4
    assert int8_accuracy(PER_TENSOR, equalized, tmp_path) > accuracy(broken) - 0.01


def test_yolox_has_no_pair(yolox_onnx: Path) -> None:
    spec = InputSpec(height=416, width=416, color="bgr", anchor="top_left")
    config = ModelConfig(source=str(yolox_onnx), labels="coco", input=spec, head=YoloxHead())
    detector = load_model(config, "detection")
    context = replace(context_for(trained(Cnn)))
    with pytest.raises(PassFailed, match="no layer's channels can be scaled"):
        Equalize().run(detector, context)


def test_a_layer_that_is_called_relu_is_what_it_is() -> None:
    class Named(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.relu, self.flatten = nn.Conv2d(3, 4, 3), nn.ReLU6(), nn.SiLU()
            self.second, self.third = nn.Conv2d(4, 4, 3), nn.Conv2d(4, 4, 3)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.third(self.flatten(self.second(self.relu(self.first(images)))))

    found = find_pairs(layer_graph(Named()))
    assert [(pair.name, pair.clipped) for pair in found.pairs] == [("first", ("relu",))]
