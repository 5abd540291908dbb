"""The recipes in config/recipes can be used as their comments say."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
import yaml
from digits import load_digits

from edge_compress import assets
from edge_compress.bundle.reader import Bundle
from edge_compress.compress import pipeline
from edge_compress.compress.data.cifar_files import read_png
from edge_compress.compress.recipe import Recipe, load_recipe
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
    folded = record.outcomes[0]
    assert folded.name == "fold_focus"
    # It changes nothing; whether it is faster is for the clock to say.
    assert folded.after is not None, folded.why
    assert folded.after.agreement_ap50 > 0.99
    assert record.final.agreement_ap50 >= 0.9
    assert Bundle.open(bundle).manifest.labels == ("person", "car", "truck")


# --- the recipes with a technique each: on some pictures of their data sets, one epoch long ---

TRIED_ABOVE = {"resnet18_classifier", "yolox_nano_vtest"}
TECHNIQUES = sorted(path.stem for path in RECIPES.glob("*.yaml") if path.stem not in TRIED_ABOVE)
QUICK = {"quantize_static_int8", "weights_8bit"}  # all of them take a minute and more
# What these do is seen in the file whatever the pictures are.
AT_LEAST_SMALLER = {
    "prune_structured": 1.3,
    "weights_8bit": 2.5,
    "weights_four_levels": 8,
    "weights_ternary": 5,
    "weights_binary": 12,
    "qat": 4,
    "progressive_bits": 5,
    "mixed_precision": 4,
    "half_precision": 1.7,
    "factorize_svd": 5,
    "quantize_dynamic": 3,
    "train_sparse": 3,
    "prune_unstructured": 1.3,
}


@pytest.fixture(scope="module")
def few_pictures(tmp_path_factory) -> dict[str, Path]:
    """Folders with 400 pictures to learn from and 100 to measure on, by format."""
    folder = tmp_path_factory.mktemp("pictures")
    digits = load_digits()
    grey = np.stack([image[..., 0] for image in digits.held_out[:500]])
    numbers = np.array([found.class_ids[0] for found in digits.held_out.truth[:500]], np.uint8)
    mnist, cifar10 = folder / "mnist", folder / "cifar10"
    mnist.mkdir()
    cifar10.mkdir()
    for name, part in (("train", slice(0, 400)), ("t10k", slice(400, 500))):
        for kind, values in (("images-idx3", grey[part]), ("labels-idx1", numbers[part])):
            head = bytes((0, 0, 8, values.ndim)) + np.array(values.shape, ">u4").tobytes()
            (mnist / f"{name}-{kind}-ubyte").write_bytes(head + values.tobytes())
    source = assets.fetch("cifar10")
    pictures = read_png([source / "test_batch.png"], source / "test_lables.json")
    planes = pictures.images[:500, ..., ::-1].transpose(0, 3, 1, 2).reshape(500, -1)
    rows = np.concatenate([pictures.numbers[:500, None].astype(np.uint8), planes], axis=1)
    for i, part in enumerate(np.split(rows[:400], 5), 1):
        (cifar10 / f"data_batch_{i}.bin").write_bytes(part.tobytes())
    (cifar10 / "test_batch.bin").write_bytes(rows[400:].tobytes())
    return {"mnist": mnist, "cifar10": cifar10}


def in_short(value):
    """The same settings with one epoch and one step everywhere, and small batches."""
    if isinstance(value, list):
        return [in_short(one) for one in value]
    if not isinstance(value, dict):
        return value
    few = {"epochs": 1, "steps": 1, "frames": 8, "batch_size": 50}
    return {key: few.get(key, in_short(one)) for key, one in value.items()}


@pytest.mark.parametrize(
    "name",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in TECHNIQUES],
)
def test_a_techniques_recipe_runs_in_short(name, few_pictures, tmp_path):
    as_shipped = load_recipe(RECIPES / f"{name}.yaml")
    content = as_shipped.model_dump(mode="json", by_alias=True)
    data = content["data"]
    data.update(folder=str(few_pictures[data["format"]]), validation=0.2)
    content["target"].update(optimize="size", budget={"max_drop": 1})
    content["passes"] = in_short(content["passes"])
    bundle, record = pipeline.run(Recipe.model_validate(content), tmp_path / "small.bundle")
    assert len(record.outcomes) == len(as_shipped.passes)
    for outcome in record.outcomes:  # carried out and measured, whatever came of it
        assert outcome.after is not None, f"{outcome.name}: {outcome.why}"
    manifest = Bundle.open(bundle).manifest
    assert len(manifest.labels) == 10
    smaller = record.original.size_bytes / record.final.size_bytes
    assert smaller >= AT_LEAST_SMALLER.get(name, 0.99)


def test_every_technique_says_when_to_use_it():
    for name in TECHNIQUES:
        assert (RECIPES / f"{name}.yaml").read_text().startswith("# ")
