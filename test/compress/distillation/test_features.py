"""What inner layers compute is seen in any kind of module, and nothing stays behind."""

from __future__ import annotations

import copy

import pytest
import torch
import torchvision
from torch import fx, nn

from edge_compress.compress.distillation.features import captured, layers_named
from edge_compress.compress.layer_names import LayerPatternError
from edge_compress.compress.models.tuple_output import TupleOutput


class Plain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3)
        self.act = nn.ReLU(inplace=True)
        self.second = nn.Conv2d(4, 2, 3)

    def forward(self, images):
        return self.second(self.act(self.first(images)))


IMAGES = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("kind", ["plain", "traced by fx", "with a tuple output"])
def test_a_layers_output_is_what_left_it(kind):
    torch.manual_seed(0)
    plain = Plain().eval()
    module = {
        "plain": lambda: plain,
        "traced by fx": lambda: fx.symbolic_trace(plain),
        "with a tuple output": lambda: TupleOutput(plain),
    }[kind]()
    (name,) = layers_named(module, "first", "hints.0.student")
    with captured(module, [name]) as seen:
        module(IMAGES)
    expected = plain.first(IMAGES)
    assert (expected < 0).any(), "the activation that follows works in place"
    assert torch.equal(seen[name], expected)


def test_gradients_reach_the_layers_before_and_no_hook_is_left():
    module = Plain()
    with captured(module, ["act"]) as seen:
        module(IMAGES)
    seen["act"].sum().backward()
    assert module.first.weight.grad is not None
    assert module.second.weight.grad is None
    assert not module.act._forward_hooks
    with pytest.raises(RuntimeError), captured(module, ["act"]):
        module(IMAGES[:, :1])
    assert not module.act._forward_hooks
    copy.deepcopy(module)


def test_torchvisions_layers_are_found_by_their_names():
    module = TupleOutput(torchvision.models.resnet18(num_classes=4)).eval()
    assert layers_named(module, "layer?", "hints.0.teacher") == [
        f"module.layer{i}" for i in (1, 2, 3, 4)
    ]
    names = layers_named(module, "layer[34]", "hints.0.teacher")
    with torch.no_grad(), captured(module, names) as seen:
        module(torch.zeros(1, 3, 64, 64))
    assert [list(seen[name].shape) for name in names] == [[1, 256, 4, 4], [1, 512, 2, 2]]


def test_an_onnx_files_layers_are_seen_too(tiny_onnx):
    from edge_compress.bundle.schema import YoloxHead
    from edge_compress.compress.models import load_model
    from edge_compress.compress.recipe import ModelConfig

    config = ModelConfig(source=str(tiny_onnx), head=YoloxHead(strides=(8,)))
    module = load_model(config, "detection").module
    assert isinstance(module, fx.GraphModule)
    convs = [name for name, m in module.named_modules() if isinstance(m, nn.Conv2d)]
    with captured(module, convs) as seen:
        module(torch.zeros(2, 3, 64, 64))
    assert [seen[name].shape[1] for name in convs] == [8, 8, 5, 2]


def test_a_wrong_name_is_told_with_those_that_are_near():
    with pytest.raises(LayerPatternError, match=r"`hints.0.teacher`: 'frist' .*there are first"):
        layers_named(Plain(), "frist", "hints.0.teacher")
