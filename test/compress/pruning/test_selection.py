"""Which layers may be pruned, and why not the others."""

from __future__ import annotations

import pytest

from edge_compress.compress.layer_names import LayerPatternError
from edge_compress.compress.pruning.error import PruningError
from edge_compress.compress.pruning.selection import cuttable, sparse_layers


def roots(candidate, include=(), exclude=(), step=4) -> set[str]:
    return {
        group.root.removeprefix("module.") for group in cuttable(candidate, include, exclude, step)
    }


def test_all_but_the_outputs_may_be_cut(tangled):
    assert roots(tangled) == {"pointwise", "left", "right", "join", "hidden"}


def test_patterns_choose_whole_groups(tangled):
    assert roots(tangled, include=["join", "h*"]) == {"join", "hidden"}
    assert roots(tangled, exclude=["stem.*"]) == {"left", "right", "join", "hidden"}
    assert roots(tangled, include=["stem.0", "depthwise", "pointwise"]) == {"pointwise"}


@pytest.mark.parametrize(
    ("include", "exclude", "step", "why"),
    [
        (["head"], [], 4, "module.head: its channels are the model's outputs"),
        (
            ["join", "depthwise"],
            [],
            4,
            "'depthwise' fits can be pruned: module.depthwise: its channels go together with "
            "those of module.pointwise, module.stem.0, which the patterns leave out",
        ),
        (
            ["stem.*", "depth*"],
            ["pointwise"],
            4,
            "'stem.\\*' fits can be pruned: module.stem.0: .* of module.pointwise,",
        ),
        (["left"], [], 8, "module.left: it has 8 channels, and `target.channel_step` is 8"),
    ],
)
def test_a_layer_that_cannot_be_cut_says_why(tangled, include, exclude, step, why):
    with pytest.raises(PruningError, match=f"^`include`: .*{why}"):
        cuttable(tangled, include, exclude, step)


def test_a_pattern_that_also_means_layers_that_can_be_cut_is_no_mistake(tangled):
    assert roots(tangled, include=["h*"]) == {"hidden"}, "`head` cannot"


def test_a_pattern_that_fits_nothing_is_told(tangled):
    with pytest.raises(LayerPatternError, match="`exclude`: 'neck' fits no layer"):
        cuttable(tangled, [], ["neck"], 4)


def test_single_weights_may_go_from_every_layer_even_the_last(tangled):
    assert len(sparse_layers(tangled, [], [])) == 8
    assert sparse_layers(tangled, ["head"], []) == ["module.head"]


def test_patterns_of_n_in_m_only_fit_some_layers(tangled):
    found = {name.removeprefix("module.") for name in sparse_layers(tangled, [], [], m=4)}
    assert found == {"pointwise", "left", "right", "join", "hidden", "head"}
    with pytest.raises(PruningError, match="module.stem.0: a kernel of 3 input channels is no"):
        sparse_layers(tangled, ["stem.*"], [], m=4)
