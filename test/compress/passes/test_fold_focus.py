"""Folding the Focus stem changes how the model computes, not what."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from edge_compress.compress.models.static_ops import StaticSlice
from edge_compress.compress.pass_base import PassFailed
from edge_compress.compress.passes import FoldFocus


def test_yolox_nano_gives_the_same_without_its_slices(yolox_nano, street, make_context):
    folded = FoldFocus().run(yolox_nano, make_context(yolox_nano, street))
    assert not any(isinstance(m, StaticSlice) for m in folded.module.modules())
    stem = next(m for m in folded.module.modules() if isinstance(m, nn.Conv2d))
    assert (stem.in_channels, stem.kernel_size, stem.stride) == (3, (6, 6), (2, 2))
    images = torch.rand(2, 3, 224, 160) * 255
    with torch.no_grad():
        (before,), (after,) = yolox_nano.module(images), folded.module(images)
    assert torch.allclose(before, after, atol=1e-3, rtol=1e-4)
    assert any(isinstance(m, StaticSlice) for m in yolox_nano.module.modules()), "left unchanged"


def test_a_model_without_such_a_stem_is_refused(detector, blocks, make_context):
    with pytest.raises(PassFailed, match="does not begin with slices"):
        FoldFocus().run(detector, make_context(detector, blocks))
