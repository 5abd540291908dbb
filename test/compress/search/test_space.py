"""A recipe says inline what is searched, and is filled in again."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import TypeAdapter

from edge_compress.compress import passes
from edge_compress.compress.recipe import Recipe
from edge_compress.compress.search.space import Space, SpaceError

PRUNE = {"kind": "prune", "keep": 0.5}
LEVELS = {"kind": "quantize_weights", "bits": {"search": [2, 4, 8]}}


def of(**mapping):
    return Space.of(mapping)


def test_parameters_are_named_by_their_place_in_the_recipe():
    space = of(
        model={"arguments": {"width": {"search": {"low": 8, "high": 64, "step": 8}}}},
        passes=[
            {"kind": "resize_input", "keep": {"search": [0.8, 0.9]}},
            {
                **PRUNE,
                "recovery": {"learning_rate": {"search": {"low": 1e-4, "high": 1, "log": True}}},
            },
        ],
    )
    assert {name: p.text for name, p in space.parameters.items()} == {
        "model.arguments.width": "8 to 64 in steps of 8",
        "passes.0.resize_input.keep": "0.8, 0.9",
        "passes.1.prune.recovery.learning_rate": "0.0001 to 1, logarithmic",
    }


def test_filling_leaves_no_search_in_it_and_everything_else_as_it_was():
    mapping = {
        "name": "x",
        "model": {"arguments": {"width": {"search": {"low": 8, "high": 64}}, "depth": 3}},
        "passes": [{**PRUNE, "keep": {"search": {"low": 0.2, "high": 0.9}}}],
    }
    values = {"model.arguments.width": 16, "passes.0.prune.keep": 0.25}
    assert Space.of(mapping).fill(values) == {
        "name": "x",
        "model": {"arguments": {"width": 16, "depth": 3}},
        "passes": [{"kind": "prune", "keep": 0.25}],
    }


@pytest.mark.parametrize("pass_", [{**PRUNE, "optional": True}, {"optional": PRUNE}])
def test_an_optional_pass_is_there_or_not(pass_):
    space = of(passes=[pass_, {"kind": "half_weights"}])
    assert list(space.parameters) == ["passes.0.prune.included"]
    assert space.fill({"passes.0.prune.included": True})["passes"][0] == PRUNE
    assert space.fill({"passes.0.prune.included": False})["passes"] == [{"kind": "half_weights"}]
    assert space.size == 2


def test_optional_false_only_goes_away():
    space = of(seed={"search": [1, 2]}, passes=[{**PRUNE, "optional": False}])
    assert space.fill({"seed": 1}) == {"seed": 1, "passes": [PRUNE]}


def test_a_choice_may_be_between_passes_that_have_searches_of_their_own():
    space = of(passes=[{"search": [None, PRUNE, LEVELS]}])
    choice = space.parameters["passes.0"].distribution.choices
    assert choice == (None, "[1] {kind: prune, keep: 0.5}", "[2] {kind: quantize_weights, bits: …}")
    assert list(space.parameters) == ["passes.0", "passes.0[2].bits"]
    filled = [space.fill({"passes.0": c, "passes.0[2].bits": 4})["passes"] for c in choice]
    assert filled == [[], [PRUNE], [{"kind": "quantize_weights", "bits": 4}]]
    assert space.size == 1 + 1 + 3


def test_a_choice_may_be_between_lists_of_passes():
    space = of(passes={"search": [[PRUNE], [PRUNE, {**LEVELS, "optional": True}]]})
    assert list(space.parameters) == [
        "passes",
        "passes[1].1.quantize_weights.included",
        "passes[1].1.quantize_weights.bits",
    ]
    values = {
        "passes": space.parameters["passes"].distribution.choices[1],
        "passes[1].1.quantize_weights.included": True,
        "passes[1].1.quantize_weights.bits": 8,
    }
    assert space.fill(values)["passes"] == [PRUNE, {"kind": "quantize_weights", "bits": 8}]
    assert space.size == 1 + (1 + 3)


def test_values_without_effect_give_the_same_key():
    space = of(passes=[PRUNE, {**LEVELS, "optional": True}])
    left_out = [
        {"passes.1.quantize_weights.included": False, "passes.1.quantize_weights.bits": bits}
        for bits in (2, 4)
    ]
    assert space.key(left_out[0]) == space.key(left_out[1])
    there = [{**values, "passes.1.quantize_weights.included": True} for values in left_out]
    assert space.key(there[0]) != space.key(there[1])


def test_passes_declare_their_ranges():
    space = of(
        passes=[
            {
                "kind": "prune",
                "keep": {"search": "default"},
                "steps": {"search": "default"},
                "importance": {"search": "default"},
                "recovery": {"learning_rate": {"search": "default"}},
            }
        ]
    )
    assert [p.text for p in space.parameters.values()] == [
        "0.1 to 0.9",
        "1 to 8",
        "taylor, l1, l2, activation",
        "0.0001 to 0.003, logarithmic",
    ]


def test_every_declared_range_is_accepted_by_its_pass():
    """A range that its own pass refuses would fail in the middle of a search."""
    seen = 0
    for name in passes.__all__:
        model = getattr(passes, name)
        for field, info in getattr(model, "model_fields", {}).items():
            if not isinstance(info.json_schema_extra, dict):
                continue
            kind = model.model_fields["kind"].default
            space = of(passes=[{"kind": kind, field: {"search": "default"}}])
            (parameter,) = space.parameters.values()
            d = parameter.distribution
            for value in getattr(d, "choices", None) or (d.low, d.high):
                seen += 1
                TypeAdapter(Annotated[info.annotation, info]).validate_python(value)
    assert seen > 20


def test_factories_declare_their_ranges():
    source = "edge_compress.compress.networks.small_classifier:small_classifier"
    asked = {"layers": {"search": "default"}, "activation": {"search": "default"}}
    space = of(model={"source": source, "arguments": asked})
    assert space.parameters["model.arguments.layers"].text.startswith("1 to ")
    assert "relu" in space.parameters["model.arguments.activation"].text


@pytest.mark.parametrize("source", ["no.such:factory", "math:nothing", "model.onnx", "math:sqrt"])
def test_a_factory_without_ranges_is_told(source):
    with pytest.raises(SpaceError, match="no pass or factory declares a range"):
        of(model={"source": source, "arguments": {"width": {"search": "default"}}})


def test_a_filled_space_is_a_recipe():
    mapping = {
        "name": "x",
        "task": "classification",
        "model": {"source": "torchvision:resnet18", "head": {"kind": "classifier"}},
        "data": {"format": "mnist", "path": "asset:mnist"},
        "passes": [{**PRUNE, "keep": {"search": "default"}, "optional": True}, LEVELS],
    }
    space = Space.of(mapping)
    filled = space.fill(
        {
            "passes.0.prune.included": True,
            "passes.0.prune.keep": 0.5,
            "passes.1.quantize_weights.bits": 4,
        }
    )
    assert "search" not in str(filled)
    assert [item["kind"] for item in filled["passes"]] == ["prune", "quantize_weights"]
    assert set(filled) <= set(Recipe.model_fields)


def test_a_pass_that_searches_keeps_its_own_space():
    inner = {"kind": "search", "passes": [{"kind": "prune", "keep": {"search": [0.3, 0.5]}}]}
    space = of(seed={"search": [1, 2]}, passes=[inner])
    assert list(space.parameters) == ["seed"]
    assert space.fill({"seed": 2})["passes"] == [inner]


def test_integers_and_reals_are_told_apart():
    space = of(
        a={"search": {"low": 1, "high": 4}},
        b={"search": {"low": 1, "high": 4.0}},
        c={"search": {"low": 0.1, "high": 0.3, "step": 0.1}},
        d={"search": {"low": 8, "high": 30, "step": 8}},
    )
    sizes = [p.size for p in space.parameters.values()]
    assert sizes == [4, None, 3, 3]
    assert space.parameters["d"].distribution.high == 24
    assert space.size is None


def test_one_and_true_are_different_values():
    space = of(a={"search": [1, True]})
    labels = space.parameters["a"].distribution.choices
    assert [space.fill({"a": label})["a"] for label in labels] == [1, True]
    assert [type(space.fill({"a": label})["a"]) for label in labels] == [int, bool]


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"passes": [PRUNE]}, "nothing to search"),
        ({"a": {"search": [1]}}, "nothing to search"),
        ({"a": {"search": []}}, "`a`: a choice of nothing"),
        ({"a": {"search": [1, 1]}}, "`a`: 1 is listed twice"),
        ({"a": {"search": {"low": 3, "high": 2}}}, "`a.search`: `low` 3 is above `high` 2"),
        ({"a": {"search": {"low": 0, "high": 2, "log": True}}}, "begins above 0, and `low` is 0"),
        ({"a": {"search": {"low": 1, "high": 2, "step": 2}}}, "`a.search.step`: 2 does not fit"),
        ({"a": {"search": {"low": 1, "high": 2, "step": 0}}}, "`a.search.step`: 0 does not fit"),
        (
            {"a": {"search": {"low": 1, "high": 9, "step": 2, "log": True}}},
            "a logarithmic range has no `step`",
        ),
        ({"a": {"search": {"low": 1}}}, "`a.search.high`: this key is needed"),
        ({"a": {"search": {"low": 1, "hihg": 2}}}, "`a.search.hihg`: unknown key"),
        ({"a": {"search": {"low": "x", "high": 2}}}, "`a.search.low`: 'x' is no number"),
        ({"a": {"search": {"low": 1, "high": 2, "log": 1}}}, "`a.search.log`: 1 is neither"),
        ({"a": {"search": "all"}}, "`a.search`: 'all' is neither a list"),
        ({"a": {"search": [1, 2], "b": 1}}, "`a.b`: `search` stands alone"),
        (
            {"model": {"source": {"search": "default"}}},
            "`model.source.search`: no pass or factory declares",
        ),
        (
            {"passes": [{"kind": "prune", "frames": {"search": "default"}}]},
            "`passes.0.prune.frames.search`: no pass or factory declares a range",
        ),
        ({"passes": [{**PRUNE, "optional": "yes"}]}, "`passes.0.optional`: write `optional: true`"),
    ],
)
def test_what_cannot_be_searched_is_refused_by_its_key(mapping, message):
    with pytest.raises(SpaceError, match=message.replace("[", r"\[")):
        Space.of(mapping)


@pytest.mark.parametrize(
    ("values", "message"),
    [({}, "differ: a"), ({"a": 9}, "9 is not in 1 to 4"), ({"a": 2, "b": 1}, "differ: b")],
)
def test_values_that_are_none_of_the_space_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        of(a={"search": {"low": 1, "high": 4}}).fill(values)
