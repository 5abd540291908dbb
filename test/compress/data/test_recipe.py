"""The `data` of a recipe: each format by its key, mistakes told with key and file."""

from __future__ import annotations

import pytest
import yaml

from edge_compress import assets
from edge_compress.compress.data import (
    CocoConfig,
    FoldersConfig,
    FramesConfig,
    MnistConfig,
    open_data,
)
from edge_compress.compress.original import load_candidates
from edge_compress.compress.recipe import load_recipe
from edge_compress.compress.recipe_file import RecipeError

CLASSIFIER = {
    "source": "edge_compress.compress.networks.mlp:mlp",
    "arguments": {"hidden": 8, "classes": 2, "size": 16},
    "input": {"height": 16, "width": 16, "scale": 1 / 255, "fit": "stretch"},
    "head": {"kind": "classifier"},
}


@pytest.fixture
def write_classifier(write_recipe):
    """Return a function that writes a classifier's recipe with the data that it is given."""

    def write(data, **more):
        return write_recipe(task="classification", model=CLASSIFIER, data=data, **more)

    return write


def refused(path) -> str:
    with pytest.raises(RecipeError) as caught:
        load_recipe(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_data_without_a_format_is_footage(write_recipe):
    data = load_recipe(write_recipe()).data
    assert isinstance(data, FramesConfig)
    assert data.validation == 0


def test_footage_can_keep_a_share_to_choose_by(write_recipe):
    path = write_recipe(data__validation=0.34)
    recipe = load_recipe(path)
    data = open_data(recipe.data, ("cat", "dog"))
    assert [part.indices for part in data] == [(0, 1, 2, 3), (4, 5), (6, 7, 8, 9, 10, 11)]
    assert data.learn.truth is None


def test_footage_without_a_share_is_chosen_by_some_of_what_is_learnt_from(write_recipe):
    data = open_data(load_recipe(write_recipe()).data, ("cat", "dog"))
    assert data.validation.indices == data.learn.indices


def test_an_asset_can_be_a_folder(write_classifier):
    recipe = load_recipe(write_classifier({"format": "mnist", "folder": "asset:mnist"}))
    assert isinstance(recipe.data, MnistConfig)
    assert recipe.data.folder == assets.fetch("mnist").resolve()
    assert recipe.data.paths == (recipe.data.folder,)


def test_paths_in_every_part_are_relative_to_the_recipe(write_recipe, coco):
    coco.write()
    part = {"images": "images", "annotations": "instances.json"}
    recipe = load_recipe(write_recipe(data={"format": "coco", "learn": part, "held_out": part}))
    assert isinstance(recipe.data, CocoConfig)
    assert recipe.data.held_out.annotations == coco.path
    assert set(recipe.data.paths) == {coco.path, coco.path.parent / "images"}
    part["annotations"] = "none.json"
    message = refused(write_recipe(data={"format": "coco", "learn": part}))
    assert "`data.learn.annotations`: 'none.json' is not there" in message
    message = refused(write_recipe(data={"format": "coco", "learn": part, "held_out": part}))
    assert "`data.held_out.annotations`: 'none.json' is not there" in message


def test_the_names_of_the_data_become_the_models(write_classifier, class_folders):
    recipe = load_recipe(write_classifier({"format": "folders", "learn": "pets"}))
    assert isinstance(recipe.data, FoldersConfig)
    whole, start = load_candidates(recipe)
    assert start.labels == ("cat", "dog")
    assert len(open_data(recipe.data, whole.labels).learn) == 22


def test_a_format_for_another_task_is_refused_with_those_that_fit(write_recipe, mnist):
    message = refused(write_recipe(data={"format": "mnist", "folder": "digits"}))
    assert "`data.format` 'mnist' is for classification, but `task` is detection" in message
    assert "frames, coco, voc, yolo" in message


def test_an_unknown_format_names_the_known_ones(write_recipe):
    message = refused(write_recipe(data={"format": "mnits", "folder": "digits"}))
    assert "`data`" in message
    for name in ("'frames'", "'mnist'", "'cifar10'", "'folders'", "'coco'", "'voc'", "'yolo'"):
        assert name in message


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"format": "mnist"}, "`data.folder`: this key is needed"),
        ({"format": "mnist", "folder": "digits", "validaton": 0.1}, "did you mean `validation`?"),
        ({"format": "mnist", "folder": "digits", "validation": 0.6}, "`data.validation`: "),
        ({"format": "mnist", "folder": "digits", "count": {"learn": 0}}, "`data.count.learn`: "),
        ({"format": "mnist", "folder": "asset:none"}, "`data.folder`: No asset is named `none`"),
        ({"format": "folders", "learn": "pets", "held_out": 1.5}, "`data.held_out`: "),
        ({"format": "folders", "learn": "pets", "held_out": "test"}, "`data.held_out`: 'test' is"),
        ({"format": "folders", "learn": "none"}, "`data.learn`: 'none' is not there"),
        ({"frames": "images", "learn": {"count": 2}}, "`data.held_out`: this key is needed"),
    ],
)
def test_a_mistake_is_told_with_its_key(write_classifier, mnist, class_folders, data, told):
    assert told in refused(write_classifier(data))


def test_a_range_that_is_none_is_told_with_its_key(write_recipe, voc):
    data = {"format": "voc", "learn": {"images": "images"}, "held_out": {"count": 0}}
    assert "`data.held_out.count`: " in refused(write_recipe(data=data))


def test_a_recipe_writes_its_data_out_and_reads_it_again(write_recipe, voc, tmp_path):
    data = {"format": "voc", "learn": {"images": "images"}, "held_out": {"start": 8, "count": 2}}
    recipe = load_recipe(write_recipe(data=data))
    again = tmp_path / "again.yaml"
    again.write_text(yaml.safe_dump(recipe.model_dump(mode="json", exclude_none=True)))
    assert load_recipe(again).data == recipe.data
