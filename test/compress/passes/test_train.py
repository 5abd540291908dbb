"""Supervised training as a pass: a first model, and a sparse one."""

from __future__ import annotations

import pytest
import torch
from digits import STILL, Cnn, Mlp, accuracy, candidate_of, context_for, trained
from torch import nn

from edge_compress.compress.footage import FootageError
from edge_compress.compress.layer_names import LayerPatternError
from edge_compress.compress.pass_base import PassFailed
from edge_compress.compress.passes import Train
from edge_compress.compress.training.penalties import Sparsity
from edge_compress.compress.training.schedule import Schedule

SHORT = Schedule(epochs=4, learning_rate=3e-3, batch_size=64, augmentation=STILL, keep_best=True)


def fresh(kind=Mlp):
    torch.manual_seed(0)
    return candidate_of(kind())


def weights(candidate):
    layers = [m for m in candidate.module.modules() if isinstance(m, (nn.Linear, nn.Conv2d))]
    return torch.cat([layer.weight.detach().flatten() for layer in layers])


def test_a_first_model_comes_from_nothing_but_labels():
    untrained = fresh(Cnn)
    learnt = Train(schedule=SHORT).run(untrained, context_for(untrained))
    assert accuracy(learnt) > 0.9
    assert accuracy(untrained) < 0.3, "the candidate that was given is left as it was"
    assert Train().teaches, "what comes later is judged by the trained model"
    assert Train().aim == "accuracy"


def test_weights_below_a_threshold_are_zero_in_the_end():
    threshold = 0.02
    sparse = Sparsity(weights=2e-4, threshold=threshold)
    learnt = Train(schedule=SHORT, sparsity=sparse).run(fresh(), context_for(fresh()))
    magnitudes = weights(learnt).abs()
    assert not ((magnitudes > 0) & (magnitudes < threshold)).any()
    assert (magnitudes == 0).float().mean() > 0.5
    assert accuracy(learnt) > 0.8


def test_a_penalty_gathers_the_network_in_fewer_weights():
    plain = Train(schedule=SHORT).run(fresh(), context_for(fresh()))
    penalized = Train(schedule=SHORT, sparsity=Sparsity(weights=3e-4)).run(
        fresh(), context_for(fresh())
    )
    assert (weights(penalized).abs() < 5e-3).float().mean() > 2 * (
        weights(plain).abs() < 5e-3
    ).float().mean()


def test_labels_and_layers_are_looked_for_before_any_long_work():
    candidate = trained(Mlp)
    with pytest.raises(FootageError, match="a `train` pass needs labels"):
        Train().check(candidate, context_for(candidate, labels=False))
    nowhere = Train(sparsity=Sparsity(weights=1e-4, include=("backbone*",)))
    with pytest.raises(LayerPatternError, match="backbone"):
        nowhere.check(candidate, context_for(candidate))
    scales = Train(sparsity=Sparsity(batch_norm=1e-3))
    with pytest.raises(PassFailed, match="the model has no batch norm"):
        scales.check(candidate, context_for(candidate))
