"""Which channels are cut first, in blocks that the target likes."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from edge_compress.compress.pruning.blocks import cutting_order, least_channels, split
from edge_compress.compress.pruning.channels import ChannelGroup


def group(channels: int, folds: int = 1, root: str = "conv") -> ChannelGroup:
    return ChannelGroup(root, channels, folds, (), (root,), ())


@given(
    size=st.integers(1, 40),
    folds=st.sampled_from([1, 2, 4, 8]),
    step=st.sampled_from([1, 3, 4, 8, 16]),
    least=st.integers(1, 20),
    seed=st.integers(0, 99),
)
def test_every_block_leaves_a_multiple_of_the_step(size, folds, step, least, seed):
    channels = size * folds
    scores = torch.rand(channels, generator=torch.Generator().manual_seed(seed))
    blocks = split(group(channels, folds), scores, step, least)
    left = channels
    for block in blocks:
        left -= len(block)
        assert left % step == 0
        assert left >= min(least, channels)
        assert {(c + size) % channels for c in block} == set(block), "folds go together"
    assert len({c for block in blocks for c in block}) == channels - left, "none goes twice"


def test_the_least_important_go_first():
    scores = torch.tensor([5.0, 1, 4, 2, 3, 0])
    assert split(group(6), scores, 2) == [(1, 5), (3, 4)]
    assert split(group(6), scores, 4) == [(1, 5)], "4 stay, a multiple of 4"
    assert split(group(4), scores[:4], 4) == [], "nothing would be left"


def test_layers_compete_or_give_the_same_share():
    groups = [group(4, root="weak"), group(4, root="strong")]
    scores = [torch.tensor([1.0, 2, 3, 4]), torch.tensor([10.0, 20, 30, 40])]
    settings = {"step": 1, "least": {"weak": 1, "strong": 1}, "before": {"weak": 4, "strong": 4}}
    free = cutting_order(groups, scores, scope="global", **settings)
    assert [block.root for block in free] == ["weak"] * 3 + ["strong"] * 3
    fair = cutting_order(groups, scores, scope="layer", **settings)
    assert [block.root for block in fair] == ["weak", "strong"] * 3
    assert [block.channels for block in fair if block.root == "strong"] == [(0,), (1,), (2,)]


def test_a_tenth_of_each_layer_stays():
    assert least_channels([group(40), group(8, root="other")]) == {"conv": 4, "other": 1}


def test_a_group_that_nobody_can_judge_is_not_cut():
    scores = [torch.full((4,), torch.inf)]
    order = cutting_order(
        [group(4)], scores, step=1, least={"conv": 1}, before={"conv": 4}, scope="global"
    )
    assert order == []
