"""Channels that hang together, and cutting them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from edge_compress.compress.constraints import KeepZeros, constraint_of
from edge_compress.compress.pass_base import PassFailed
from edge_compress.compress.pruning.channels import channel_groups, cut
from edge_compress.compress.pruning.nm import NmPattern, keep_pattern, nm_mask


def group_of(candidate, root: str):
    return next(group for group in channel_groups(candidate) if group.root == root)


def test_what_hangs_together_is_one_group(tangled):
    found = {frozenset(group.weighted): group for group in channel_groups(tangled)}
    residual = found[frozenset({"module.stem.0", "module.depthwise", "module.pointwise"})]
    assert residual.folds == 4, "its consumer is a convolution in four groups"
    assert not residual.final
    assert found[frozenset({"module.head"})].final == ("module.head",)
    assert len(found) == 6


def test_a_concatenation_and_a_flattening_map_channels_to_their_places(tangled):
    right = group_of(tangled, "module.right")
    (join,) = (member for member in right.members if member.layer == "module.join")
    assert join.side == "in"
    assert (join.places - join.roots == 8).all(), "`left` has 8 channels before it"
    flattened = group_of(tangled, "module.join")
    (hidden,) = (member for member in flattened.members if member.layer == "module.hidden")
    assert (hidden.roots == hidden.places // 16).all(), "16 places a channel"


def test_a_cut_model_computes_what_the_whole_one_does_without_these_channels(tangled):
    removed = {"module.join": [0, 5, 6, 7], "module.hidden": [1, 2, 3, 20], "module.left": [2, 7]}
    smaller = cut(tangled, removed)
    module = smaller.module.module
    assert (module.join.out_channels, module.hidden.out_features) == (12, 20)
    assert module.join.in_channels == 22
    whole = tangled.module.module
    with torch.no_grad():  # a channel that nobody listens to
        whole.join.weight[:, removed["module.left"]] = 0
        for channel in removed["module.join"]:
            whole.hidden.weight[:, channel * 16 : (channel + 1) * 16] = 0
        whole.head.weight[:, removed["module.hidden"]] = 0
    images = torch.rand(4, 3, 16, 16)
    assert torch.allclose(smaller.module(images)[0], tangled.module(images)[0], atol=1e-5)


def test_the_given_model_is_left_as_it_was(tangled):
    before = {name: value.clone() for name, value in tangled.module.state_dict().items()}
    cut(tangled, {"module.left": [0, 1]})
    after = tangled.module.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_channels_of_groups_go_by_the_fold(tangled):
    smaller = cut(tangled, {"module.pointwise": [1, 5, 9, 13]}).module.module
    assert (smaller.stem[0].out_channels, smaller.depthwise.groups) == (12, 12)
    assert smaller.right.weight.shape == (16, 3, 3, 3)


def test_cutting_everything_is_refused(tangled):
    with pytest.raises(PassFailed, match="module.left: no channel would be left"):
        cut(tangled, {"module.left": range(8)})


class Stubborn(nn.Module):
    """Its code relies on a number of channels."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, 2, 1)
        self.last = nn.Conv2d(8, 5, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        seen = self.first(images)
        scale = torch.arange(8.0).view(1, 8, 1, 1)
        return self.last(seen * scale).mean((2, 3))


def test_a_network_that_breaks_is_told(as_candidate):
    with pytest.raises(PassFailed, match="the network does not run.*`exclude` the layers"):
        cut(as_candidate(Stubborn()), {"module.first": [0, 1]})


def test_zeros_stay_marked_and_patterns_are_made_anew(tangled):
    join = tangled.module.module.join
    with torch.no_grad():
        join.weight.mul_(nm_mask(join.weight.abs(), 2, 4, axis=1))
    keep_pattern(join, 2, 4)
    smaller = cut(tangled, {"module.left": [1, 2, 5, 7]}).module.module.join
    assert constraint_of(smaller, KeepZeros)
    assert constraint_of(smaller, NmPattern)
    groups = (smaller.weight != 0).movedim(1, -1).reshape(-1, 4).sum(1)
    assert smaller.in_channels == 20
    assert groups.max() <= 2
