"""Layers chosen by patterns of their names."""

from __future__ import annotations

import pytest
from torch import nn

from edge_compress.compress.layer_names import LayerPatternError, fits, matching
from edge_compress.compress.models.tuple_output import TupleOutput


@pytest.fixture
def network() -> nn.Module:
    block = nn.ModuleDict({"conv": nn.Conv2d(3, 4, 3), "norm": nn.BatchNorm2d(4)})
    return nn.ModuleDict({"stem": block, "body": nn.Conv2d(4, 4, 1), "head": nn.Linear(4, 2)})


@pytest.mark.parametrize(
    ("include", "exclude", "names"),
    [
        ((), (), ["stem.conv", "body", "head"]),
        (("stem.*",), (), ["stem.conv"]),
        ((), ("head", "b?dy"), ["stem.conv"]),
        (("*",), ("stem.*",), ["body", "head"]),
    ],
)
def test_patterns_choose_layers_in_the_modules_order(network, include, exclude, names):
    assert matching(network, include, exclude) == names


def test_only_layers_of_the_kind_count(network):
    assert matching(network, kinds=(nn.BatchNorm2d,)) == ["stem.norm"]
    assert matching(network, kinds=(nn.Embedding,)) == []


def test_the_wrapper_may_be_left_out_of_a_name(network):
    wrapped = TupleOutput(network)
    assert matching(wrapped, ["stem.*"]) == ["module.stem.conv"]
    assert matching(wrapped, ["module.stem.*"]) == ["module.stem.conv"]
    assert fits(wrapped, "module.head", "head")


@pytest.mark.parametrize(
    ("include", "exclude", "message"),
    [
        (["stem.cnov"], [], "`include`: 'stem.cnov' fits no layer; there are stem.conv and 2 more"),
        ([], ["x*"], r"`exclude`: 'x\*' fits no layer; there are stem.conv, body, head$"),
        (["head"], ["*"], "`exclude` leaves no layer"),
    ],
)
def test_a_pattern_that_fits_nothing_is_told(network, include, exclude, message):
    with pytest.raises(LayerPatternError, match=message):
        matching(network, include, exclude)


def test_a_model_without_such_layers_is_told(network):
    with pytest.raises(LayerPatternError, match="the model has no layer of this kind"):
        matching(network, ["x"], kinds=(nn.Embedding,))
