"""Every criterion finds the channels that the network does without."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from edge_compress.compress.pass_base import PassFailed
from edge_compress.compress.pruning.channel_scores import channel_scores
from edge_compress.compress.pruning.channels import channel_groups

USELESS = [1, 2, 5, 8, 9, 12, 13, 15]
JUDGES = ["taylor", "l1", "l2", "activation", "apoz", "batch_norm", "sensitivity"]


@pytest.fixture
def planted(plain):
    """Half of the first layer's channels say next to nothing; the others speak up."""
    conv, norm, _, after, *_ = plain.module.module
    with torch.no_grad():
        norm.bias.fill_(0.5)
        for part in (conv.weight, norm.weight, norm.bias):
            part[USELESS] *= 1e-2
        norm.bias[USELESS] = -0.05  # mostly zero after the ReLU
        after.weight[:, USELESS] *= 1e-2
    return plain


def score(importance, evidence, root="module.0", step=4):
    groups = channel_groups(evidence.candidate)
    place = [group.root for group in groups].index(root)
    return channel_scores(importance, evidence, groups, step)[place]


@pytest.mark.parametrize("importance", JUDGES)
def test_useless_channels_have_the_lowest_scores(importance, planted, evidence_of):
    scores = score(importance, evidence_of(planted))
    assert sorted(scores.argsort()[:8].tolist()) == USELESS


def test_the_control_does_not_find_them(planted, evidence_of):
    orders = [score("random", evidence_of(planted, seed=s)).argsort()[:8] for s in (0, 0, 1)]
    assert sorted(orders[0].tolist()) != USELESS
    assert orders[0].equal(orders[1])
    assert not orders[0].equal(orders[2]), "another seed, another order"


@pytest.mark.parametrize("importance", [*JUDGES, "random"])
def test_all_members_of_a_group_count_wherever_they_are(importance, tangled, evidence_of):
    evidence = evidence_of(tangled)
    groups = channel_groups(tangled)
    scores = channel_scores(importance, evidence, groups, 4)
    assert [len(score) for score in scores] == [group.channels for group in groups]
    free = [s for s, group in zip(scores, groups, strict=True) if not group.final]
    if importance == "batch_norm":  # only the stem has one: the others are never cut
        assert sum(bool(torch.isfinite(score).all()) for score in free) == 1
    else:
        assert all(torch.isfinite(score).any() for score in free)


def test_magnitude_is_summed_over_all_weights_of_a_channel(tangled, evidence_of):
    scores = score("l1", evidence_of(tangled), "module.join")
    module = tangled.module.module
    outgoing = module.hidden.weight.abs().view(24, 16, 16).sum((0, 2))
    expected = (module.join.weight.abs().sum((1, 2, 3)) + outgoing) / 2
    assert torch.allclose(scores, expected / expected.mean(), atol=1e-5)


def test_a_model_without_batch_norm_is_told(plain, evidence_of, as_candidate):
    folded = as_candidate(nn.Sequential(nn.Conv2d(3, 8, 16), nn.Flatten(), nn.Linear(8, 5)))
    with pytest.raises(PassFailed, match="no batch norm whose scales could be compared"):
        score("batch_norm", evidence_of(folded))


def test_a_model_whose_activations_are_never_zero_is_told(as_candidate, evidence_of):
    smooth = nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.SiLU(), nn.Flatten(), nn.Linear(392, 5))
    with pytest.raises(PassFailed, match="no ReLU: choose `importance: activation`"):
        score("apoz", evidence_of(as_candidate(smooth)))
