"""Timing of candidates and of single layers in ONNX Runtime."""

from __future__ import annotations

import pytest
from torch import nn

from edge_compress.bundle.schema import ClassifierHead, InputSpec
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.export import ExportError
from edge_compress.compress.models.tuple_output import TupleOutput
from edge_compress.compress.stopwatch import latency_ratio, layer_milliseconds, layer_ratio
from edge_compress.compress.target import Target

TARGET = Target(threads=1)


def _classifier(channels: int) -> Candidate:
    module = nn.Sequential(
        nn.Conv2d(3, channels, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(channels, channels, 3, padding=1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(channels, 2),
    )
    spec = InputSpec(height=32, width=32)
    return Candidate(TupleOutput(module), spec, ClassifierHead(), ("a", "b"), "classification")


def test_a_model_with_a_fraction_of_the_work_is_faster(tmp_path):
    small, large = _classifier(8), _classifier(64)
    assert latency_ratio(small, large, TARGET) < 0.5
    assert latency_ratio(large, small, TARGET, tmp_path / "kept") > 2
    assert sorted(p.name for p in (tmp_path / "kept").iterdir()) == ["base.onnx", "candidate.onnx"]


def test_a_layer_with_a_fraction_of_the_work_is_faster():
    small, large = nn.Linear(512, 16), nn.Linear(512, 4096)
    assert layer_ratio(small, large, (1, 512), TARGET) < 0.5
    assert layer_ratio(large, small, (1, 512), TARGET) > 2


def test_a_layer_is_as_fast_as_itself():
    layer = nn.Conv2d(32, 32, 3, padding=1)
    assert layer_ratio(layer, layer, (1, 32, 28, 28), TARGET) == pytest.approx(1, abs=0.3)


def test_layers_are_timed_by_name_and_left_as_they_were():
    layers = {"small": nn.Conv2d(8, 8, 1), "large": nn.Conv2d(8, 256, 5)}
    for layer in layers.values():
        layer.train()
    timed = layer_milliseconds({n: (layer, (1, 8, 24, 24)) for n, layer in layers.items()}, TARGET)
    assert 0 < timed["small"] < timed["large"]
    assert all(layer.training for layer in layers.values())


def test_a_layer_that_cannot_be_exported_is_told():
    with pytest.raises(ExportError, match=r"a Linear with input \(1, 7\) cannot be exported"):
        layer_ratio(nn.Linear(8, 8), nn.Linear(8, 8), (1, 7), TARGET)
