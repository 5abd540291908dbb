"""Single weights set to zero: exactly so many, and those that matter least."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from edge_compress.compress.constraints import KeepZeros, constraint_of
from edge_compress.compress.layer_names import matching
from edge_compress.compress.pruning.weights import (
    count_nonzero,
    count_weights,
    count_zeros,
    masks,
    scored,
    without,
)


@given(
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=4),
    share=st.floats(0, 1),
    scope=st.sampled_from(["global", "layer"]),
    equal=st.booleans(),
)
def test_exactly_as_many_go_as_are_asked_for(sizes, share, scope, equal):
    scores = {
        str(i): torch.ones(size) if equal else torch.rand(size) for i, size in enumerate(sizes)
    }
    zeros = round(share * sum(sizes))
    found = masks(scores, zeros, scope)
    assert sum(int((~mask).sum()) for mask in found.values()) == zeros
    if scope == "layer":
        for name, mask in found.items():
            assert abs(int((~mask).sum()) - share * len(scores[name])) <= 1.5


def test_layers_compete_for_what_is_kept():
    scores = {"weak": torch.tensor([[1.0, 2]]), "strong": torch.tensor([[30.0, 4]])}
    kept = masks(scores, 2, "global")
    assert kept["weak"].tolist() == [[False, False]]
    assert kept["strong"].tolist() == [[True, True]]
    kept = masks(scores, 2, "layer")
    assert kept["strong"].tolist() == [[True, False]]


@pytest.mark.parametrize("importance", ["l1", "taylor", "random", "sensitivity"])
def test_zeros_of_before_are_among_those_of_now(importance, plain, evidence_of):
    names = matching(plain.module)
    first = without(plain, masks(scored("random", evidence_of(plain), names), 500, "global"))
    second = without(first, masks(scored(importance, evidence_of(first), names), 900, "global"))
    assert (count_zeros(plain, names), count_zeros(first, names)) == (0, 500)
    assert count_zeros(second, names) == 900
    for name in names:
        zero = first.module.get_submodule(name).weight == 0
        assert (second.module.get_submodule(name).weight[zero] == 0).all()
        assert constraint_of(second.module.get_submodule(name), KeepZeros)
        assert constraint_of(plain.module.get_submodule(name), KeepZeros) is None


def test_weights_are_counted(plain):
    names = matching(plain.module, ["7"])
    assert count_weights(plain, names) == 256 * 5
    assert count_nonzero(plain) <= sum(p.numel() for p in plain.module.parameters())


def test_the_magnitudes_that_stay_are_the_largest(plain, evidence_of):
    names = matching(plain.module)
    sparse = without(plain, masks(scored("l1", evidence_of(plain), names), 1000, "global"))
    before = torch.cat([plain.module.get_submodule(n).weight.flatten() for n in names])
    after = torch.cat([sparse.module.get_submodule(n).weight.flatten() for n in names])
    assert before[after == 0].abs().max() <= before[after != 0].abs().min()
    assert isinstance(sparse.module.module[0], nn.Conv2d)
