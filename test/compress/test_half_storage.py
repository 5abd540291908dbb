"""Weights that take half the room and compute as before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from edge_compress.bundle.schema import ClassifierHead, InputSpec
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.export import export
from edge_compress.compress.footage import Frames
from edge_compress.compress.models.tuple_output import TupleOutput
from edge_compress.compress.pass_base import PassFailed
from edge_compress.compress.passes import HalfWeights


@pytest.fixture
def candidate() -> Candidate:
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(3, 64, 3, 2),
        nn.ReLU(),
        nn.Conv2d(64, 64, 3, 2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(64, 5),
    )
    spec = InputSpec(height=32, width=32, scale=1 / 255)
    labels = ("a", "b", "c", "d", "e")
    return Candidate(TupleOutput(module).eval(), spec, ClassifierHead(), labels, "classification")


def test_the_file_is_half_and_the_results_stay(candidate, tmp_path):
    frames = Frames.of([np.full((32, 32, 3), 90, np.uint8)])
    halved = HalfWeights().run(candidate, None)
    whole = export(candidate, tmp_path / "whole", frames)["fp32"]
    half = export(halved, tmp_path / "half", frames)["fp32"]
    assert half.stat().st_size < 0.55 * whole.stat().st_size
    image = np.random.default_rng(0).random((1, 3, 32, 32), np.float32)
    results = [
        onnxruntime.InferenceSession(path).run(None, {"images": image})[0] for path in (whole, half)
    ]
    assert results[0].dtype == results[1].dtype == np.float32
    assert results[1] == pytest.approx(results[0], abs=1e-3)
    assert (results[0] != results[1]).any(), "the weights really were rounded"


def test_a_weight_too_large_for_half_precision_is_left_as_it_is(candidate, tmp_path):
    candidate.module.module[5].weight.data[0, 0] = 1e6
    halved = replace(candidate, half_weights=True)
    path = export(halved, tmp_path, Frames.of([np.zeros((32, 32, 3), np.uint8)]))["fp32"]
    image = np.ones((1, 3, 32, 32), np.float32)
    (found,) = onnxruntime.InferenceSession(path).run(None, {"images": image})
    assert np.isfinite(found).all()
    assert abs(found[0, 0]) > 1e3


def test_twice_is_refused(candidate):
    halved = HalfWeights().run(candidate, None)
    with pytest.raises(PassFailed, match="already"):
        HalfWeights().run(halved, None)
