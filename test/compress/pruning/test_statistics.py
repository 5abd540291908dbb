"""Batch norm's statistics after a cut."""

from __future__ import annotations

import torch
from torch import nn

from edge_compress.compress.pruning.statistics import reestimate


def test_statistics_are_those_of_the_batches_and_nothing_of_before():
    norm = nn.BatchNorm2d(2, momentum=0.1)
    norm.running_mean.fill_(100)
    batches = [torch.randn(50, 2, 8, 8) * 3 + 5 for _ in range(4)]
    assert reestimate(nn.Sequential(norm, nn.ReLU()), batches) == 1
    whole = torch.cat(batches)
    assert torch.allclose(norm.running_mean, whole.mean((0, 2, 3)), atol=1e-4)
    assert torch.allclose(norm.running_var, whole.var((0, 2, 3)), rtol=1e-2)
    assert norm.momentum == 0.1
    assert not norm.training


def test_a_network_without_batch_norm_is_left_alone():
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Dropout())
    assert reestimate(module, []) == 0
    assert not module.training


def test_dropout_does_not_disturb_them():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Dropout(0.5), nn.BatchNorm1d(3))
    reestimate(module, [torch.full((8, 3), 2.0)])
    assert torch.allclose(module[1].running_mean, torch.full((3,), 2.0))
