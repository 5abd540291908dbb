"""Pruning single weights and n:m patterns: exactly as asked, and for good."""

from __future__ import annotations

import functools
import statistics

import numpy as np
import onnx
import pytest
import torch
from digits import STILL, Cnn, Mlp, accuracy, context_for, load_digits, trained
from onnx import numpy_helper
from torch import nn

from edge_compress.compress.counting import params_and_macs
from edge_compress.compress.export import export_fp32
from edge_compress.compress.pass_base import PassFailed
from edge_compress.compress.passes import Distill, Prune
from edge_compress.compress.pruning.targets import file_size
from edge_compress.compress.pruning.weights import count_nonzero
from edge_compress.compress.training.schedule import Schedule

SHORT = Schedule(epochs=1, learning_rate=2e-3, batch_size=64, augmentation=STILL)


def few(teacher):
    """A context with fewer digits to learn from, for the tests that train."""
    return context_for(teacher, learn=load_digits().learn[:1200])


def weights(candidate) -> dict[str, torch.Tensor]:
    return {
        name: layer.weight.detach()
        for name, layer in candidate.module.named_modules()
        if isinstance(layer, nn.Conv2d | nn.Linear)
    }


def zeros(candidate) -> int:
    return sum(int((weight == 0).sum()) for weight in weights(candidate).values())


def total(candidate) -> int:
    return sum(weight.numel() for weight in weights(candidate).values())


@functools.cache
def quality(kind: type[nn.Module], importance: str, seed: int) -> float:
    """At once and without recovery, so that nothing but the choice decides."""
    pass_ = Prune(
        granularity="weights", importance=importance, sparsity=0.7, steps=1, recovery=None
    )
    whole = trained(kind)
    return accuracy(pass_.run(whole, context_for(whole, seed=seed)))


@pytest.mark.parametrize("importance", ["l1", "l2", "taylor", "activation", "sensitivity"])
@pytest.mark.parametrize("kind", [Mlp, Cnn])
def test_every_criterion_beats_chance(kind, importance):
    chance = [quality(kind, "random", seed) for seed in range(3)]
    chosen = [quality(kind, importance, seed) for seed in range(2)]
    assert min(chosen) > max(chance) + 0.05
    assert statistics.mean(chosen) > statistics.mean(chance) + 0.1


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"sparsity": 0.9}, lambda c: round(0.9 * total(c))),
        ({"budget": 1000}, lambda c: total(c) - 1000),
        ({"keep": 0.25}, lambda c: count_nonzero(c) - round(0.25 * count_nonzero(c))),
    ],
)
@pytest.mark.parametrize("scope", ["global", "layer"])
def test_exactly_as_many_weights_are_zero_as_were_asked_for(settings, wanted, scope):
    whole = trained(Mlp)
    pruned = Prune(granularity="weights", scope=scope, steps=3, recovery=SHORT, **settings).run(
        whole, few(whole)
    )
    assert zeros(pruned) == wanted(whole)
    assert zeros(whole) == 0


def test_nine_of_ten_weights_go_in_steps_and_accuracy_stays():
    whole = trained(Mlp)
    recovery = Schedule(epochs=3, learning_rate=2e-3, batch_size=64, augmentation=STILL)
    pruned = Prune(
        granularity="weights", sparsity=0.9, steps=3, pace="cubic", recovery=recovery
    ).run(whole, context_for(whole))
    assert zeros(pruned) == round(0.9 * total(whole))
    assert accuracy(pruned) > accuracy(whole) - 0.015


@pytest.mark.slow
def test_zeros_stay_in_later_passes_of_any_kind():
    whole = trained(Cnn)
    context = few(whole)
    sparse = Prune(granularity="weights", sparsity=0.8, steps=1, recovery=SHORT).run(whole, context)
    before = {name: weight == 0 for name, weight in weights(sparse).items()}
    taught = Distill(schedule=SHORT).run(sparse, context)
    for name, weight in weights(taught).items():
        assert (weight[before[name]] == 0).all()
    cut = Prune(keep=0.5, steps=1, recovery=SHORT).run(taught, context)
    assert params_and_macs(cut.module, cut.input)[1] < params_and_macs(whole.module, whole.input)[1]
    assert zeros(cut) > 0.6 * total(cut)
    sparser = Prune(granularity="weights", sparsity=0.9, steps=1, recovery=SHORT).run(cut, context)
    assert zeros(sparser) == round(0.9 * total(cut))


@pytest.mark.parametrize(("n", "m"), [(2, 4), (1, 8)])
def test_the_pattern_holds_in_every_group_of_the_exported_file(n, m, tmp_path):
    whole = trained(Cnn)
    pruned = Prune(granularity=f"{n}:{m}", steps=m // 4, recovery=SHORT).run(whole, few(whole))
    export_fp32(pruned, tmp_path / "sparse.onnx")
    graph = onnx.load(tmp_path / "sparse.onnx").graph
    seen = 0
    for tensor in graph.initializer:
        weight = numpy_helper.to_array(tensor)
        if weight.ndim < 2 or weight.shape[1] % m:
            continue
        groups = np.moveaxis(weight, 1, -1).reshape(-1, m)
        assert ((groups != 0).sum(1) <= n).all()
        assert ((groups != 0).sum(1) == n).mean() > 0.99, "and not fewer"
        seen += 1
    assert seen == 2, "the second convolution and the classifier; the first has 3 channels"
    assert accuracy(pruned) > accuracy(whole) - (0.03 if n == 2 else 0.1)


def test_zeros_make_the_file_as_small_as_was_asked_for():
    whole = trained(Mlp)
    context = context_for(whole)
    pruned = Prune(granularity="weights", measure="size", keep=0.5, steps=1, recovery=None).run(
        whole, context
    )
    assert 0.4 < file_size(pruned, context) / file_size(whole, context) <= 0.5
    assert params_and_macs(pruned.module, pruned.input) == params_and_macs(
        whole.module, whole.input
    )


def test_more_zeros_than_weights_are_refused():
    whole = trained(Cnn)
    with pytest.raises(PassFailed, match="weights would have to go, they have 432"):
        Prune(granularity="weights", include=("0",), keep=0.1, steps=1, recovery=None).run(
            whole, context_for(whole)
        )
