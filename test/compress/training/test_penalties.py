"""Sparse training: penalties and a threshold."""

from __future__ import annotations

import copy
import functools

import pytest
import torch
from digits import STILL, Cnn, Mlp, accuracy, candidate_of, context_for, trained
from pydantic import ValidationError
from torch import nn

from edge_compress.compress.constraints import KeepZeros, constraint_of
from edge_compress.compress.layer_names import LayerPatternError, matching
from edge_compress.compress.pass_base import PassFailed
from edge_compress.compress.training.penalties import (
    Sparsity,
    group_lasso,
    l1_of_scales,
    l1_of_weights,
    zero_small,
)
from edge_compress.compress.training.schedule import Schedule
from edge_compress.compress.training.trainer import lessons_for, train

SHORT = Schedule(epochs=6, learning_rate=3e-3, batch_size=64, augmentation=STILL)


@pytest.fixture
def small() -> nn.Module:
    """Weights that can be summed by hand, and batch norms of scale 1."""
    module = nn.Sequential(nn.Conv2d(1, 2, 2, bias=False), nn.BatchNorm2d(2), nn.Conv2d(2, 1, 1))
    module[0].weight.data = torch.tensor([[[[3.0, 0], [0, -4]]], [[[0.0, 0], [0, 0]]]])
    module[2].weight.data = torch.tensor([[[[1.0]], [[-2.0]]]])
    return module


def test_penalties_are_what_they_are_called(small):
    names = matching(small)
    assert l1_of_weights(small, names).item() == 3 + 4 + 1 + 2
    assert group_lasso(small, names).item() == pytest.approx(5 * 4**0.5 + 5**0.5 * 2**0.5)
    assert l1_of_scales(small).item() == 2


def test_a_channel_of_zeros_has_a_gradient(small):
    group_lasso(small, matching(small)).backward()
    assert torch.isfinite(small[0].weight.grad).all()


def test_small_weights_become_zero_and_are_counted(small):
    assert zero_small(small, matching(small), 1.5) == 7
    assert small[2].weight.flatten().tolist() == [0, -2]
    assert zero_small(small, matching(small, ["2"]), 2.0) == 1, "2 is not below 2"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "give at least one of `weights`"),
        ({"weights": -1.0}, "greater than or equal to 0"),
        ({"threshold": 0.0}, "greater than 0"),
    ],
)
def test_a_wrong_setting_is_told(settings, message):
    with pytest.raises(ValidationError, match=message):
        Sparsity(**settings)


def test_what_is_not_there_is_told(small):
    with pytest.raises(LayerPatternError, match="'head' fits no layer"):
        Sparsity(weights=1.0, include=("head",)).hooks(small)
    with pytest.raises(PassFailed, match="has no batch norm"):
        Sparsity(batch_norm=1.0).hooks(nn.Linear(2, 2))


def learnt(module: nn.Module, sparsity: Sparsity | None):
    """A model trained on digits from the same first weights."""
    torch.manual_seed(1)
    candidate = candidate_of(module)
    hooks = {} if sparsity is None else {"hooks": sparsity.hooks(candidate.module)}
    context = context_for(candidate)
    train(candidate, lessons_for(candidate, context, "labels"), SHORT, context, "train", **hooks)
    return candidate


def test_l1_on_weights_leaves_few_that_matter():
    torch.manual_seed(0)
    plain = Mlp(32)
    sparse = learnt(copy.deepcopy(plain), Sparsity(weights=1e-3, threshold=1e-3))
    dense = learnt(plain, Sparsity(threshold=1e-3))
    names = matching(sparse.module)
    zeros = [
        sum(int((c.module.get_submodule(name).weight == 0).sum()) for name in names)
        for c in (sparse, dense)
    ]
    assert zeros[0] > 0.65 * (784 * 32 + 320)
    assert zeros[0] > 3 * zeros[1]
    assert accuracy(sparse) > 0.8
    assert all(constraint_of(sparse.module.get_submodule(name), KeepZeros) for name in names)


@functools.cache
def narrow(sparsity: Sparsity | None):
    """A small network with batch norm, from the same first weights."""
    torch.manual_seed(0)
    return learnt(Cnn(4), sparsity)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sparsity", "figures"),
    [
        (Sparsity(channels=3e-3), lambda m: m[3].weight.flatten(1).norm(dim=1)),
        (Sparsity(batch_norm=0.1), lambda m: m[4].weight.abs()),
    ],
)
def test_channels_need_less_and_accuracy_stays(sparsity, figures):
    sparse, dense = narrow(sparsity), narrow(None)
    sizes = [float(figures(c.module.module).detach().median()) for c in (sparse, dense)]
    assert sizes[0] < 0.7 * sizes[1]
    assert accuracy(sparse) > accuracy(dense) - 0.05


@pytest.mark.slow
def test_zeros_of_sparse_training_stay_in_a_later_training():
    torch.manual_seed(0)
    sparse = learnt(Mlp(16), Sparsity(weights=3e-4, threshold=1e-3))
    zero = sparse.module.module[1].weight == 0
    context = context_for(trained(Mlp))
    train(sparse, lessons_for(sparse, context), SHORT, context, "again")
    assert zero.any()
    assert (sparse.module.module[1].weight[zero] == 0).all()
