"""Pruning the real YOLOX-Nano."""

from __future__ import annotations

import onnx
import onnxruntime
import pytest
import torch
from onnx import numpy_helper

from edge_compress.compress.counting import params_and_macs
from edge_compress.compress.export import export_fp32
from edge_compress.compress.layer_names import matching
from edge_compress.compress.passes import Prune
from edge_compress.compress.pruning.weights import count_weights, count_zeros
from edge_compress.compress.training.schedule import Schedule

pytestmark = pytest.mark.slow
TINY = Schedule(epochs=1)


@pytest.fixture
def small(yolox_nano):
    return yolox_nano.with_input(96, 128)


def runs(candidate, path) -> None:
    export_fp32(candidate, path)
    session = onnxruntime.InferenceSession(path)
    images = torch.rand(1, 3, 96, 128) * 255
    (found,) = session.run(None, {"images": images.numpy()})
    assert found.shape == (1, 252, 85)
    with torch.no_grad():
        (wanted,) = candidate.module(images)
    assert torch.allclose(torch.from_numpy(found), wanted, rtol=1e-3, atol=1e-3)


def test_half_its_macs_go(small, yolox_nano, street, make_context, tmp_path):
    _, macs = params_and_macs(small.module, small.input)
    pruned = Prune(keep=0.5, steps=1, recovery=TINY).run(small, make_context(yolox_nano, street))
    assert 0.4 * macs < params_and_macs(pruned.module, pruned.input)[1] <= 0.5 * macs
    runs(pruned, tmp_path / "pruned.onnx")


def test_half_its_weights_go(small, yolox_nano, street, make_context, tmp_path):
    context = make_context(yolox_nano, street)
    pruned = Prune(granularity="weights", sparsity=0.5, steps=1, recovery=TINY).run(small, context)
    names = matching(small.module)
    assert count_zeros(pruned, names) == round(0.5 * count_weights(small, names))
    runs(pruned, tmp_path / "sparse.onnx")


def test_two_of_four_stay(small, yolox_nano, street, make_context, tmp_path):
    context = make_context(yolox_nano, street)
    pruned = Prune(granularity="2:4", steps=1, recovery=TINY).run(small, context)
    runs(pruned, tmp_path / "sparse.onnx")
    fit = 0
    for tensor in onnx.load(tmp_path / "sparse.onnx").graph.initializer:
        weight = torch.from_numpy(numpy_helper.to_array(tensor).copy())
        if weight.ndim == 4 and weight.shape[1] % 4 == 0:
            assert ((weight.movedim(1, -1).reshape(-1, 4) != 0).sum(1) <= 2).all()
            fit += 1
    assert fit > 30
