"""Weights that lie on a grid lie on one after whatever comes next."""

from __future__ import annotations

import copy
import io

import pytest
import torch
import torch_pruning
from torch import fx, nn

from edge_compress.compress.constraints import (
    KeepZeros,
    constrain,
    constrained_layers,
    held,
    restore,
)
from edge_compress.compress.half_storage import rounded
from edge_compress.compress.weight_grids.on_grid import OnGrid
from edge_compress.compress.weight_grids.rows import as_rows
from edge_compress.compress.weight_grids.rule import GridRule

RULES = [
    GridRule("symmetric", 4),
    GridRule("symmetric", 4, per_channel=False, scale="least_error"),
    GridRule("affine", 3),
    GridRule("levels", 2),
    GridRule("ternary", 2),
    GridRule("binary", 1),
]


def network(rule: GridRule, method: str = "straight_through") -> nn.Sequential:
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(3, 16, 3, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.ConvTranspose2d(16, 8, 2, 2),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(32, 5),
    )
    for layer in module:
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            constrain(layer, OnGrid(rule, layer, method))
    assert restore(module) == ["0", "3", "7"]
    return module.eval()


def assert_on_grid(module: nn.Module, rule: GridRule, layers: int = 3) -> None:
    marked = constrained_layers(module)
    assert len(marked) == layers
    for layer in marked.values():
        axis = 1 if isinstance(layer, nn.ConvTranspose2d) else 0
        rows = as_rows(layer.weight.detach(), axis if rule.per_channel else None)
        assert all(len(row[row != 0].unique()) <= 2**rule.bits for row in rows)
    before = [layer.weight.detach().clone() for layer in marked.values()]
    assert restore(module) == []
    for layer, weight in zip(marked.values(), before, strict=True):
        assert torch.equal(layer.weight, weight)


def trained(module: nn.Module) -> nn.Module:
    with held(module):
        optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
        for _ in range(4):
            optimizer.zero_grad()
            module(torch.randn(2, 3, 12, 12)).square().mean().backward()
            optimizer.step()
    return module


def saved(module: nn.Module) -> nn.Module:
    buffer = io.BytesIO()
    torch.save(module, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=False)


def cut(module: nn.Module) -> nn.Module:
    graph = torch_pruning.DependencyGraph().build_dependency(module, torch.zeros(1, 3, 12, 12))
    for layer, channels in ((module[0], [2, 7]), (module[3], [1])):
        prune = graph.get_pruner_of_module(layer).prune_out_channels
        graph.get_pruning_group(layer, prune, channels).prune()
    return module


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("method", ["straight_through", "learned_step"])
def test_training_moves_weights_from_point_to_point(rule, method):
    module = network(rule, method)
    before = [layer.weight.detach().clone() for layer in constrained_layers(module).values()]
    trained(module)
    assert_on_grid(module, rule)
    after = [layer.weight for layer in constrained_layers(module).values()]
    assert all((a != b).any() for a, b in zip(after, before, strict=True))
    assert type(module[0]) is nn.Conv2d
    trained(module)
    assert_on_grid(module, rule)


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("change", [copy.deepcopy, saved, fx.symbolic_trace, cut])
def test_changes_that_keep_the_values_keep_the_mark(rule, change):
    module = change(network(rule))
    assert_on_grid(module, rule)
    trained(module)
    assert_on_grid(module, rule)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.per_channel], ids=str)
def test_scaled_channels_are_as_good_a_grid(rule):
    """As after equalization, or when batch norm is folded."""
    module = network(rule)
    factors = torch.rand(16) + 0.5
    module[0].weight.data *= factors[:, None, None, None]
    assert_on_grid(module, rule)
    trained(module)
    assert_on_grid(module, rule)


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_weights_that_a_pass_has_moved_are_brought_back(rule):
    module = network(rule)
    before = module[0].weight.detach().clone()
    module[0].weight.data += 0.02 * torch.randn_like(before)
    assert restore(module) == ["0"]
    assert_on_grid(module, rule)
    assert (module[0].weight - before).abs().mean() < 0.1 * before.abs().mean() + 0.02


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("grid_first", [True, False])
def test_pruned_weights_stay_zero_on_any_grid(rule, grid_first):
    module = network(rule)
    zero = torch.rand(module[0].weight.shape) < 0.6
    if grid_first:
        module[0].weight.data[zero] = 0
        constrain(module[0], KeepZeros())
    else:
        module[0].weight.data = torch.randn(zero.shape).masked_fill(zero, 0)
        constrain(module[0], KeepZeros())
        assert restore(module) == ["0"]
    zero = module[0].weight == 0
    assert zero.float().mean() > 0.5
    trained(module)
    assert (module[0].weight[zero] == 0).all()
    assert_on_grid(module, rule)


def test_storing_the_rest_in_half_precision_leaves_grids_alone():
    module = network(GridRule("levels", 2))
    halved = rounded(nn.Sequential(module, nn.Conv2d(8, 64, 3)))
    assert_on_grid(halved[0], GridRule("levels", 2))
    assert torch.equal(halved[0][0].weight, module[0].weight)
    assert torch.equal(halved[1].weight, halved[1].weight.half().float())
