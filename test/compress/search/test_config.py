"""A search file is checked wholly before any work."""

from __future__ import annotations

import pytest
import yaml
from searches import write_digits, write_search

from edge_compress.compress.recipe import load_recipe
from edge_compress.compress.recipe_file import RecipeError
from edge_compress.compress.search.config import SearchConfig, load_search
from edge_compress.compress.search.domain import SpaceError
from edge_compress.compress.search.plan import Plan
from edge_compress.compress.search.recipe_text import recipe_text

HIDDEN = "model.arguments.hidden"


@pytest.fixture
def folder(tmp_path):
    write_digits(tmp_path / "digits", 20, 10)
    return tmp_path


def planned(path) -> Plan:
    return Plan.of(load_search(path), path)


def test_a_searchs_recipes_share_all_but_what_is_searched(folder):
    plan = planned(write_search(folder))
    assert plan.searches_model
    assert {one.model.arguments["hidden"] for one in plan.samples} == {4, 16, 64}
    assert plan.shared.data.folder == folder / "digits"  # relative to the search file
    assert all(one.judge == "end" for one in plan.samples)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"trails": 3}, "`trails`: unknown key; did you mean `trials`?"),
        ({"objectives": []}, "`objectives`"),
        ({"objectives": ["size", "size"]}, "twice"),
        ({"objectives": ["beauty"]}, "`objectives.0`"),
        ({"trials": 0}, "`trials`"),
        ({"ranking": {"epochs": 0}}, "`ranking.epochs`"),
        ({"algorithm": "genius"}, "`algorithm"),
        ({"recipe__model__arguments__hidden": 4, "recipe__passes": []}, "nothing to search"),
        ({"recipe__model__arguments__hidden": {"search": []}}, "choice of nothing"),
        ({"recipe__seed": {"search": [1, 2]}}, "only values of model and passes"),
        ({"recipe__target": {"threads": {"search": [1, 2]}}}, "only values of model and passes"),
        ({"recipe__passes__0__scedule": 1}, "`recipe.passes.0.scedule`: unknown key; did you mean"),
        ({"recipe__data__folder": "nowhere"}, "'nowhere' is not there"),
        ({"first": [{}, {HIDDEN: 17}]}, f"`first.1`: `{HIDDEN}`: 17 is not in 4, 16, 64"),
        ({"first": [{HIDDEN: [4]}]}, f"`first.0`: `{HIDDEN}`: [4] is not in 4, 16, 64"),
        (
            {"first": [{"model.arguments.hiden": 16}]},
            f"`first.0`: nothing searched is called `model.arguments.hiden`; take `{HIDDEN}`",
        ),
        ({"first": [{"x": 16}]}, f"called `x`; take `{HIDDEN}` or `passes.0.train.schedule.lear"),
        (
            {"recipe__passes__0": {"kind": "search", "passes": [{"search": [1, 2]}]}},
            "a `search` pass cannot be in a search",
        ),
    ],
)
def test_a_mistake_is_told_by_file_and_key(folder, changes, told):
    path = write_search(folder, **changes)
    with pytest.raises((RecipeError, SpaceError)) as caught:
        planned(path)
    assert str(path) in str(caught.value)
    assert told in str(caught.value)


def test_a_mistake_in_any_choice_is_told_before_work(folder):
    choice = [{"kind": "half_weights"}, {"kind": "quantize", "framez": 3}]
    path = write_search(folder, recipe__passes=[{"search": choice}])
    with pytest.raises(RecipeError, match=r"framez`: unknown key; did you mean `frames`"):
        planned(path)


def test_a_model_cannot_be_searched_without_labels(folder, images):
    data = {"frames": "images", "learn": {"count": 6}, "held_out": {"start": 6, "count": 6}}
    path = write_search(folder, recipe__data=data, recipe__passes=[{"kind": "half_weights"}])
    with pytest.raises(RecipeError, match="no labels that say which model is good"):
        planned(path)


def test_a_search_needs_an_end():
    with pytest.raises(ValueError, match="give `minutes`"):
        SearchConfig(name="a", recipe={}, trials=None)
    assert SearchConfig(name="a", recipe={}, trials=None, minutes=1).trials is None


def test_more_time_and_more_trials_make_no_other_search(folder):
    config = load_search(write_search(folder))
    assert config.model_copy(update={"trials": 99, "minutes": 5.0}).identity == config.identity
    assert config.model_copy(update={"seed": 1}).identity != config.identity
    ranked = config.ranking.model_copy(update={"epochs": 0.5})
    assert config.model_copy(update={"ranking": ranked}).identity != config.identity


def test_no_search_file_is_told(tmp_path):
    with pytest.raises(RecipeError, match="no such search"):
        load_search(tmp_path / "none.yaml")


def test_the_recipe_of_a_point_can_be_compressed_from_any_folder(folder, tmp_path):
    plan = planned(write_search(folder))
    values = {"model.arguments.hidden": 16, "passes.0.train.schedule.learning_rate": 1e-3}
    mapping = plan.space.fill(values)
    text = recipe_text(mapping, plan.recipe(mapping))
    (tmp_path / "elsewhere").mkdir()
    path = tmp_path / "elsewhere/recipe.yaml"
    path.write_text(text)
    assert load_recipe(path) == plan.recipe(mapping)
    assert "epochs: 4" in text
    assert "patience" not in text  # only what its author has written


def test_assets_stay_names_in_a_recipes_text(yolox_onnx, folder):
    content = {
        "name": "found",
        "task": "detection",
        "model": {
            "source": "asset:yolox_nano.onnx",
            "labels": "coco",
            "head": {"kind": "yolox"},
        },
        "data": {
            "frames": "digits",
            "learn": {"count": 2},
            "held_out": {"start": 2, "count": 2},
        },
        "passes": [{"kind": "distill", "from": {"search": ["teacher", "both"]}}],
    }
    plan = planned(write_search(folder, recipe=content))
    mapping = plan.space.fill({"passes.0.distill.from": "teacher"})
    text = yaml.safe_load(recipe_text(mapping, plan.recipe(mapping)))
    assert text["model"]["source"] == "asset:yolox_nano.onnx"
    assert text["data"]["frames"] == str(folder / "digits")
    assert text["passes"] == [{"kind": "distill", "from": "teacher"}]
