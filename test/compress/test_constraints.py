"""What a pass made of the weights stays so, whatever comes next."""

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
    constraint_of,
    held,
    release,
)


@pytest.fixture
def network() -> nn.Sequential:
    """Half of the first layer's weights are zero and are to stay so."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 16, 3), nn.ReLU(), nn.Conv2d(16, 8, 3), nn.Flatten())
    weight = module[0].weight
    weight.data[torch.rand(weight.shape) < 0.5] = 0
    constrain(module[0], KeepZeros())
    return module


def trained(module: nn.Module, steps: int = 3) -> None:
    with held(module):
        optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
        for _ in range(steps):
            optimizer.zero_grad()
            module(torch.randn(2, 3, 8, 8)).square().mean().backward()
            optimizer.step()


def zeros(layer: nn.Module) -> torch.Tensor:
    return layer.weight.detach() == 0


def test_zeros_stay_while_the_rest_is_trained(network):
    before, zero = network[0].weight.detach().clone(), zeros(network[0])
    trained(network)
    after = network[0].weight.detach()
    assert (zeros(network[0]) == zero).all()
    assert (after[~zero] != before[~zero]).all()
    assert isinstance(network[0].weight, nn.Parameter)
    assert type(network[0]) is nn.Conv2d, "nothing of the training is left on the layer"


def test_without_the_mark_they_would_be_lost(network):
    release(network[0], KeepZeros)
    trained(network)
    assert not zeros(network[0]).any()


def saved(module: nn.Module) -> nn.Module:
    buffer = io.BytesIO()
    torch.save(module, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=False)


def cut(module: nn.Module) -> nn.Module:
    example = torch.zeros(1, 3, 8, 8)
    graph = torch_pruning.DependencyGraph().build_dependency(module, example)
    group = graph.get_pruning_group(module[0], torch_pruning.prune_conv_out_channels, [1, 5])
    group.prune()
    return module


@pytest.mark.parametrize(
    "change", [copy.deepcopy, saved, fx.symbolic_trace, cut, lambda m: saved(fx.symbolic_trace(m))]
)
def test_the_mark_goes_with_the_layer(network, change):
    changed = change(network)
    (layer,) = constrained_layers(changed).values()
    assert isinstance(constraint_of(layer, KeepZeros), KeepZeros)
    zero = zeros(layer)
    assert 0.3 < zero.float().mean() < 0.7
    trained(changed)
    assert (zeros(layer) == zero).all()


def test_a_failed_training_leaves_ordinary_layers(network):
    with pytest.raises(ValueError), held(network):
        raise ValueError
    assert type(network[0]) is nn.Conv2d
    assert dict(network.named_parameters()).keys() >= {"0.weight", "2.weight"}


def test_a_copy_made_inside_computes_the_same(network):
    image = torch.randn(1, 3, 8, 8)
    with held(network):
        average = copy.deepcopy(network)
        assert torch.equal(average(image), network(image))
