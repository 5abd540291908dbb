"""Batch norm goes into the layer before it, and nothing changes but the speed."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from edge_compress.compress.models.fold_batch_norm import fold_batch_norm
from edge_compress.compress.models.layer_graph import NotTraceable
from edge_compress.compress.models.tuple_output import TupleOutput


class Mixed(nn.Module):
    """Every kind of layer that a batch norm may follow, and some that it must not go into."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.depthwise = nn.Conv2d(8, 8, 3, groups=8)
        self.plain = nn.BatchNorm2d(8, affine=False)
        self.up = nn.ConvTranspose2d(8, 4, 2, 2)
        self.after = nn.BatchNorm2d(4)
        self.shared = nn.Conv2d(4, 4, 1)
        self.beside = nn.BatchNorm2d(4)
        self.alone = nn.BatchNorm2d(4)
        self.linear = nn.Linear(4, 5)
        self.last = nn.BatchNorm1d(5)
        for part in self.modules():
            if isinstance(part, nn.BatchNorm2d | nn.BatchNorm1d):
                nn.init.normal_(part.running_mean)
                nn.init.uniform_(part.running_var, 0.5, 2.0)
                if part.affine:
                    nn.init.normal_(part.weight)
                    nn.init.normal_(part.bias)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.norm(self.conv(images)))
        x = self.after(self.up(self.plain(self.depthwise(x))))
        x = self.shared(x)
        x = self.alone(torch.relu(self.beside(x) + x))
        return self.last(self.linear(x.mean((2, 3))))


def test_folding_is_exact_and_leaves_what_it_cannot_fold() -> None:
    torch.manual_seed(0)
    module = TupleOutput(Mixed()).eval()
    images = torch.rand(2, 3, 12, 12)
    with torch.no_grad():
        before = module(images)[0]
        folded = fold_batch_norm(module)
        after = module(images)[0]
    assert folded == ["module.norm", "module.plain", "module.after", "module.last"]
    assert torch.allclose(before, after, atol=1e-5)
    left = [name for name, m in module.named_modules() if isinstance(m, nn.BatchNorm2d)]
    assert left == ["module.beside", "module.alone"]


def test_folded_layers_can_be_trained() -> None:
    module = Mixed().eval()
    fold_batch_norm(module)
    module(torch.rand(2, 3, 12, 12)).sum().backward()
    assert module.conv.bias is not None
    assert bool(module.conv.bias.grad.any())
    assert fold_batch_norm(module) == []


def test_a_module_whose_calls_depend_on_values_is_refused() -> None:
    class Deciding(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images if images.sum() > 0 else -images

    with pytest.raises(NotTraceable, match="cannot read Deciding"):
        fold_batch_norm(Deciding())
