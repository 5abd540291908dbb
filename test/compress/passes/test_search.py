"""A `search` pass finds the passes that fit the model at hand."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest
import yaml
from digits import Mlp, context_for, trained

from edge_compress.compress import pipeline
from edge_compress.compress.pass_base import PassFailed
from edge_compress.compress.passes import Search
from edge_compress.compress.recipe import load_recipe
from edge_compress.compress.recipe_file import RecipeError
from edge_compress.compress.target import Budget, Target

PRUNE = {
    "kind": "prune",
    "granularity": "channels",
    "keep": {"search": [0.1, 0.5, 0.9]},
    "steps": 1,
    "recovery": None,
}


@pytest.fixture(scope="module")
def mlp():
    return trained(Mlp)


def within(mlp, max_drop: float):
    target = Target(budget=Budget(max_drop=max_drop), channel_step=1)
    return replace(context_for(mlp), target=target)


def hidden(candidate) -> int:
    return next(p.shape[0] for p in candidate.module.parameters())


def test_the_smallest_that_keeps_the_quality_is_found(mlp):
    """All three cuts are tried: the deepest costs too much, the next one is the smallest."""
    asked = Search(passes=[PRUNE], objective="size", algorithm="random", trials=3)
    strict, loose = within(mlp, 0.1), within(mlp, 1.0)
    found = asked.run(mlp, strict)
    smallest = asked.run(mlp, loose)
    assert hidden(smallest) < 20
    assert 20 < hidden(found) < 100
    assert strict.quality(found) >= strict.least_quality
    assert hidden(mlp) == 100  # left as it was


def test_where_nothing_keeps_it_the_closest_is_told(mlp):
    asked = Search(passes=[{**PRUNE, "keep": {"search": [0.15, 0.2]}}], objective="size", trials=2)
    with pytest.raises(PassFailed, match=r"none of 2 candidates will do; the closest has quality"):
        asked.run(mlp, within(mlp, 0.0))


def test_a_choice_that_cannot_be_made_fails_alone(mlp):
    asked = Search(
        passes=[{"search": [{"kind": "fold_focus"}, {**PRUNE, "keep": 0.5}]}],
        objective="size",
        trials=2,
    )
    assert hidden(asked.run(mlp, within(mlp, 1.0))) < 100
    never = Search(passes=[{"kind": "fold_focus", "optional": True}, {"kind": "fold_focus"}])
    with pytest.raises(PassFailed, match="could be made"):
        never.run(mlp, within(mlp, 1.0))


def test_the_same_seed_finds_the_same(mlp):
    asked = Search(passes=[PRUNE], objective="size", algorithm="random", trials=1)
    context = within(mlp, 1.0)
    assert hidden(asked.run(mlp, context)) == hidden(asked.run(mlp, context))


@pytest.mark.parametrize(
    ("passes", "told"),
    [
        ([{"kind": "half_weights"}], "nothing to search"),
        ([{"kind": "search", "passes": [PRUNE]}], "cannot be in another"),
        ([{**PRUNE, "keeep": 1}], "keeep"),
        ([{**PRUNE, "keep": {"search": [0.5, 7]}}], "less than 1"),
    ],
)
def test_a_mistake_is_told_when_the_recipe_is_read(passes, told, write_recipe):
    path = write_recipe(passes=[{"kind": "search", "passes": passes}])
    with pytest.raises(RecipeError, match=told) as caught:
        load_recipe(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_in_a_choice_are_those_of_the_recipes_folder(write_recipe, tiny_onnx):
    student = {"kind": "distill", "student": {"source": "tiny.onnx"}, "alpha": {"search": [0, 0.5]}}
    (asked,) = load_recipe(write_recipe(passes=[{"kind": "search", "passes": [student]}])).passes
    assert asked.files == (tiny_onnx,)
    assert pickle.loads(pickle.dumps(asked)).files == (tiny_onnx,)


def test_a_recipe_with_a_search_in_it_runs_and_says_what_came_of_it(write_recipe, tmp_path):
    choice = {"search": [{"kind": "half_weights"}, {"kind": "quantize", "frames": 4}]}
    asked = {"kind": "search", "passes": [choice], "objective": "size", "trials": 2}
    path = write_recipe(passes=[asked], target={"optimize": "size", "budget": {"max_drop": 1}})
    record = pipeline.run(load_recipe(path), tmp_path / "x.bundle").record
    assert record.outcomes[0].kept, record.outcomes[0].why
    assert record.final.size_bytes < record.original.size_bytes
    assert yaml.safe_load((tmp_path / "x.bundle/recipe.yaml").read_text())["passes"]
