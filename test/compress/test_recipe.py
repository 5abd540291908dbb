"""A recipe is refused with the file, the key, what is wrong and what to do."""

from __future__ import annotations

import pytest

from edge_compress.compress.recipe import load_recipe
from edge_compress.compress.recipe_file import RecipeError


def refused(path) -> str:
    with pytest.raises(RecipeError) as caught:
        load_recipe(path)
    message = str(caught.value)
    assert str(path) in message
    return message


def test_paths_are_relative_to_the_recipe(write_recipe, images, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    recipe = load_recipe(write_recipe())
    assert recipe.data.frames == images
    assert recipe.target.budget.max_drop == 0.05
    assert recipe.passes[0].kind == "quantize"


def test_an_unknown_key_is_told_with_the_nearest_known_one(write_recipe):
    message = refused(write_recipe(target={"budget": {"latency": 5}}))
    assert "`target.budget.latency`" in message
    assert "did you mean `latency_ms`?" in message


def test_an_unknown_key_of_a_pass_is_told_with_its_place(write_recipe):
    message = refused(write_recipe(passes=[{"kind": "quantize", "frame": 4}]))
    assert "`passes.0.frame`" in message
    assert "`frames`" in message


def test_a_wrong_type_is_told_with_what_it_got(write_recipe):
    message = refused(write_recipe(data__learn={"count": "many"}))
    assert "`data.learn.count`" in message
    assert "'many'" in message


def test_every_mistake_is_told_at_once(write_recipe):
    message = refused(write_recipe(seed="x", target={"threads": 0}))
    assert "`seed`" in message
    assert "`target.threads`" in message


def test_a_missing_key_is_named(write_recipe):
    assert "`data.held_out`: this key is needed" in refused(write_recipe(data__held_out=None))


def test_a_missing_file_is_named_with_its_key(write_recipe):
    message = refused(write_recipe(model__source="none.onnx"))
    assert "`model.source`" in message
    assert "none.onnx" in message
    assert "relative to the recipe's folder" in message
    assert "`data.frames`" in refused(write_recipe(data__frames="none.mp4"))
    assert "`model.weights`" in refused(write_recipe(model__weights="none.pth"))


def test_an_unknown_asset_is_named(write_recipe):
    message = refused(write_recipe(model__source="asset:none.onnx"))
    assert "`model.source`" in message
    assert "none.onnx" in message


def test_an_asset_becomes_its_file(write_recipe, yolox_onnx):
    recipe = load_recipe(write_recipe(model__source="asset:yolox_nano.onnx"))
    assert recipe.model.source == str(yolox_onnx.resolve())


def test_an_unknown_head_names_the_known_ones(write_recipe):
    message = refused(write_recipe(model__head={"kind": "fcos"}))
    assert "`model.head`" in message
    assert "'yolox'" in message


def test_an_unknown_pass_names_the_known_ones(write_recipe):
    message = refused(write_recipe(passes=[{"kind": "shrink"}]))
    assert "at least 1 item" not in message
    assert "`passes.0`" in message
    assert "'quantize'" in message


def test_learning_from_what_judges_is_refused(write_recipe):
    message = refused(write_recipe(data__held_out={"start": 3, "count": 6}))
    assert "share 3 frames" in message
    assert "the first is 3" in message


def test_a_step_keeps_interleaved_ranges_apart(write_recipe):
    recipe = load_recipe(
        write_recipe(
            data__learn={"count": 5, "step": 2}, data__held_out={"start": 1, "count": 5, "step": 2}
        )
    )
    assert list(recipe.data.held_out.indices) == [1, 3, 5, 7, 9]


def test_a_class_that_the_model_does_not_have_is_named(write_recipe):
    message = refused(write_recipe(classes=["cow", "dog"]))
    assert "`classes`" in message
    assert "'cow'" in message


def test_a_head_that_does_not_do_the_task_is_refused(write_recipe):
    assert "`model.head`" in refused(write_recipe(task="classification"))


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "a: [1, 2", "\tname: x"])
def test_what_is_no_mapping_is_refused(tmp_path, text):
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    refused(path)


def test_a_recipe_that_is_not_there_is_said(tmp_path):
    assert "no such recipe" in refused(tmp_path / "none.yaml")


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_bytes(b"\xff\xfe\x00\x01")
    refused(path)
