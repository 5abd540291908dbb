"""Gradients of weights that are rounded in the forward pass."""

from __future__ import annotations

import pytest
import torch

from edge_compress.compress.weight_grids.learning import LearnedStep, StraightThrough
from edge_compress.compress.weight_grids.on_grid import freeze_grids
from edge_compress.compress.weight_grids.rule import GridRule

RULES = [
    GridRule("symmetric", 3, scale="least_error"),
    GridRule("affine", 3, scale="least_error"),
    GridRule("levels", 2),
    GridRule("ternary", 2),
    GridRule("binary", 1),
]


@pytest.fixture
def weight() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(4, 3, 5, 5, generator=generator).requires_grad_()


def rule_of(rule: GridRule, method: str, weight: torch.Tensor, axis: int = 0):
    grid = rule.fit(weight.detach().transpose(0, axis).flatten(1))
    return LearnedStep(grid, axis) if method == "learned" else StraightThrough(grid, axis, rule)


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("method", ["learned", "straight"])
def test_the_gradient_goes_straight_through_what_is_not_clipped(weight, rule, method):
    given = torch.randn(weight.shape, generator=torch.Generator().manual_seed(1))
    module = rule_of(rule, method, weight)
    (module(weight) * given).sum().backward()
    passed = torch.isclose(weight.grad, given, rtol=1e-5)
    assert (weight.grad[~passed] == 0).all()
    clipped = (~passed).float().mean()
    assert 0 < clipped < 0.1 if rule.scheme in ("symmetric", "affine") else clipped == 0


def test_the_step_has_the_gradient_of_the_paper(weight):
    """Esser et al., equation 3: -v/s + round(v/s) inside, the farthest code outside."""
    rule = GridRule("symmetric", 3, scale="least_error")
    module = rule_of(rule, "learned", weight)
    given = torch.randn(weight.shape, generator=torch.Generator().manual_seed(1))
    (module(weight) * given).sum().backward()
    step = module.base
    share = (weight.detach().flatten(1) / step).clamp(-100, 100)
    slope = torch.where(share.abs() < 3, share.round() - share, share.sign() * 3)
    wanted = (slope * given.flatten(1)).sum(1, keepdim=True) * step / (75 * 3) ** 0.5
    torch.testing.assert_close(module.factor.grad, wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("rule", RULES[2:], ids=str)
def test_a_level_has_the_summed_gradient_of_its_elements(weight, rule):
    module = rule_of(rule, "learned", weight)
    module(weight).square().sum().backward()
    values = module(weight).detach()
    assert torch.allclose(
        (module.factor.grad * module.factor.detach()).sum(),
        2 * values.square().sum() / 75**0.5,
        rtol=1e-4,
    )


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("method", ["learned", "straight"])
def test_values_are_on_the_grid_that_the_module_has_then(weight, rule, method):
    module = rule_of(rule, method, weight)
    optimizer = torch.optim.Adam([weight, *module.parameters()], lr=0.02)
    for _ in range(5):
        optimizer.zero_grad()
        (module(weight) - 0.3).square().sum().backward()
        optimizer.step()
    rows = module(weight).detach().flatten(1)
    assert torch.equal(module.grid.project(rows), rows)


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("method", ["learned", "straight"])
def test_a_frozen_grid_stays_while_weights_are_trained(weight, rule, method):
    module = rule_of(rule, method, weight)
    freeze_grids(torch.nn.ModuleList([module]))
    points, before = module.grid.points.clone(), module(weight).detach().clone()
    optimizer = torch.optim.Adam([weight, *module.parameters()], lr=0.05)
    for _ in range(10):
        optimizer.zero_grad()
        (module(weight) - 0.3).square().sum().backward()
        optimizer.step()
    assert torch.equal(module.grid.points, points)
    assert (module(weight) != before).any()


@pytest.mark.parametrize("method", ["learned", "straight"])
def test_what_is_trained_is_in_the_state(weight, method):
    """A training that keeps its best epoch gets back the grid that belongs to its weights."""
    rule = GridRule("symmetric", 3, scale="least_error")
    module = rule_of(rule, method, weight)
    freeze_grids(torch.nn.ModuleList([module]))
    state = {name: value.clone() for name, value in module.state_dict().items()}
    wanted = module(weight).detach()
    for tensor in module.state_dict().values():
        tensor.mul_(2)
    assert not torch.equal(module(weight), wanted)
    module.load_state_dict(state)
    assert torch.equal(module(weight), wanted)
