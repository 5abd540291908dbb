"""Parameters and multiply-accumulates, by arithmetic that can be followed."""

from __future__ import annotations

import torch
from torch import nn

from edge_compress.bundle.schema import InputSpec
from edge_compress.compress.counting import layers, params_and_macs

SPEC = InputSpec(height=8, width=16)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.depthwise = nn.Conv2d(4, 4, 3, stride=2, padding=1, groups=4, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.linear = nn.Linear(4, 10)

    def forward(self, x):
        x = torch.relu(self.norm(self.depthwise(self.conv(x))))
        return (self.linear(x.mean((2, 3))),)


CONV, DEPTHWISE, LINEAR = 8 * 16 * 4 * 3 * 9, 4 * 8 * 4 * 9, 4 * 10


def test_a_convolution_costs_kernel_times_channels_times_places():
    params, macs = params_and_macs(Net(), SPEC)
    assert params == (3 * 9 * 4 + 4) + 4 * 9 + 8 + (4 * 10 + 10)
    assert macs == CONV + DEPTHWISE + LINEAR


def test_counting_leaves_the_module_as_it_was():
    net = Net().train()
    before = net.norm.running_mean.clone()
    params_and_macs(net, SPEC)
    layers(net, SPEC)
    assert net.training
    assert torch.equal(net.norm.running_mean, before)
    assert not net.conv._forward_hooks


def test_each_layer_has_a_row_and_the_rows_add_up():
    net = Net()
    rows = layers(net, SPEC)
    assert [(row.name, row.kind) for row in rows] == [
        ("conv", "Conv2d"),
        ("depthwise", "Conv2d"),
        ("norm", "BatchNorm2d"),
        ("linear", "Linear"),
    ]
    assert [row.macs for row in rows] == [CONV, DEPTHWISE, 0, LINEAR]
    assert rows[1].output_shape == (1, 4, 4, 8)
    assert (sum(row.params for row in rows), sum(row.macs for row in rows)) == params_and_macs(
        net, SPEC
    )


def test_yolox_nano_has_the_size_that_its_authors_give(yolox_onnx):
    """Ge et al., arXiv:2107.08430, table 3: 0.91 M parameters, 1.08 G operations at 416."""
    from edge_compress.compress.models import load_model
    from edge_compress.compress.recipe import ModelConfig

    config = ModelConfig(source=str(yolox_onnx), head={"kind": "yolox"})
    candidate = load_model(config, "detection")
    params, macs = params_and_macs(candidate.module, candidate.input)
    assert round(params / 1e6, 1) == 0.9
    assert abs(2 * macs / 1e9 - 1.08) < 0.05
