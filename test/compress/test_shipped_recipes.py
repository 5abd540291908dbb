"""The recipes in config/recipes can be used as their comments say."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
import torchvision
import yaml

from edge_compress.bundle.reader import Bundle
from edge_compress.compress import pipeline
from edge_compress.compress.recipe import load_recipe
from edge_compress.compress.recipe_file import RecipeError

RECIPES = Path(__file__).parents[2] / "config/recipes"


def test_the_demos_recipe_is_ready_to_run(yolox_onnx, vtest_video):
    recipe = load_recipe(RECIPES / "yolox_nano_vtest.yaml")
    assert recipe.model.source == str(yolox_onnx.resolve())
    assert recipe.data.frames == vtest_video.resolve()
    assert (len(recipe.data.learn.indices), len(recipe.data.held_out.indices)) == (400, 300)


def test_the_classifiers_recipe_asks_for_images_first():
    with pytest.raises(RecipeError, match=r"`data\.frames`: 'images' is not there"):
        load_recipe(RECIPES / "resnet18_classifier.yaml")


def test_every_recipe_is_tried_here():
    assert {path.name for path in RECIPES.iterdir()} == {
        "resnet18_classifier.yaml",
        "yolox_nano_vtest.yaml",
    }


def shortened(path: Path, **changes) -> Path:
    """Write the recipe again with fewer frames and epochs."""
    content = yaml.safe_load(path.read_text())
    content.update(changes)
    for pass_ in content["passes"]:
        for key in ("schedule", "recovery"):
            if key in pass_:
                pass_[key]["epochs"] = 1
        if pass_["kind"] == "quantize":
            pass_.update(float_below_db=None, profiles=["ort-cpu"])
        if "steps" in pass_:
            pass_["steps"] = 1
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.mark.slow
def test_the_classifiers_recipe_runs_on_a_folder_with_own_weights(images, tmp_path):
    torch.manual_seed(0)
    module = torchvision.models.resnet18(num_classes=4)
    torch.save(module.state_dict(), tmp_path / "mine.pth")
    copy = Path(shutil.copy(RECIPES / "resnet18_classifier.yaml", tmp_path))
    content = yaml.safe_load(copy.read_text())
    path = shortened(
        copy,
        model={
            **content["model"],
            "weights": "mine.pth",
            "labels": ["a", "b", "c", "d"],
            "input": {"height": 64, "width": 64, "scale": 1 / 255, "fit": "stretch"},
        },
        data={"frames": "images", "learn": {"count": 8}, "held_out": {"start": 8, "count": 4}},
        target={"budget": {"max_drop": 1}},
    )
    bundle, record = pipeline.run(load_recipe(path), tmp_path / "small.bundle")
    assert [outcome.name for outcome in record.outcomes] == ["prune", "distill", "quantize"]
    assert record.outcomes[0].kept
    assert record.final.macs < 0.6 * record.original.macs
    assert record.final.agreement_top1 is not None
    assert record.final.agreement_ap50 is None
    assert Bundle.open(bundle).manifest.labels == ("a", "b", "c", "d")


@pytest.mark.slow
def test_the_demos_recipe_runs_in_short(yolox_onnx, vtest_video, tmp_path):
    path = shortened(
        Path(shutil.copy(RECIPES / "yolox_nano_vtest.yaml", tmp_path)),
        data={
            "frames": "asset:vtest.avi",
            "learn": {"count": 24},
            "held_out": {"start": 495, "count": 12},
        },
    )
    bundle, record = pipeline.run(load_recipe(path), tmp_path / "small.bundle")
    assert record.outcomes[0].name == "fold_focus"
    assert record.outcomes[0].kept
    assert record.final.agreement_ap50 >= 0.9
    assert Bundle.open(bundle).manifest.labels == ("person", "car", "truck")
