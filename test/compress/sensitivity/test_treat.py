"""One layer treated for a while."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from edge_compress.compress.sensitivity.record import Treatment
from edge_compress.compress.sensitivity.treat import treated

LAYERS = {
    "conv": lambda: nn.Conv2d(6, 20, 3),
    "depthwise": lambda: nn.Conv2d(20, 20, 3, groups=20),
    "transposed": lambda: nn.ConvTranspose2d(6, 20, 3),
    "linear": lambda: nn.Linear(30, 20),
    "no bias": lambda: nn.Conv2d(6, 20, 1, bias=False),
}


def _layer(name: str) -> nn.Module:
    torch.manual_seed(0)
    return LAYERS[name]()


def _channels(layer: nn.Module) -> torch.Tensor:
    """The weight with a row for each output channel."""
    weight = layer.weight.detach()
    weight = weight.transpose(0, 1) if isinstance(layer, nn.ConvTranspose2d) else weight
    return weight.flatten(1).clone()


@pytest.mark.parametrize("name", LAYERS)
def test_whole_channels_go_those_of_the_least_norm(name):
    layer = _layer(name)
    norms = _channels(layer).norm(dim=1)
    with treated(layer, Treatment(kind="channels", amount=0.3)):
        gone = _channels(layer).abs().sum(1) == 0
        if layer.bias is not None:
            assert torch.equal(layer.bias == 0, gone)
    assert gone.sum() == 6
    assert norms[gone].max() < norms[~gone].min()


@pytest.mark.parametrize("name", LAYERS)
def test_single_weights_go_those_of_the_least_magnitude(name):
    layer = _layer(name)
    sizes = layer.weight.detach().abs()
    with treated(layer, Treatment(kind="weights", amount=0.5)):
        gone = layer.weight.detach() == 0
    assert gone.sum() == sizes.numel() // 2
    assert sizes[gone].max() <= sizes[~gone].min()


@pytest.mark.parametrize("bits", [8, 4, 2])
@pytest.mark.parametrize("name", LAYERS)
def test_each_channel_has_as_few_values_as_the_bits_allow(name, bits):
    layer = _layer(name)
    before = _channels(layer)
    with treated(layer, Treatment(kind="bits", amount=bits)):
        after = _channels(layer)
    assert all(len(row.unique()) <= 2**bits for row in after)
    error = (after - before).norm() / before.norm()
    assert error < 2.0 ** (1 - bits)


@pytest.mark.parametrize("kind", ["channels", "weights", "bits"])
@pytest.mark.parametrize("name", LAYERS)
def test_afterwards_the_layer_is_as_it_was(name, kind):
    layer = _layer(name)
    before = {key: value.clone() for key, value in layer.state_dict().items()}
    with (
        pytest.raises(KeyboardInterrupt),
        treated(layer, Treatment(kind=kind, amount=4 if kind == "bits" else 0.5)),
    ):
        raise KeyboardInterrupt
    assert all(torch.equal(before[key], value) for key, value in layer.state_dict().items())
