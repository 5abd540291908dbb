"""From a model, images and a budget to a bundle."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from edge_compress.bundle.errors import BundleError
from edge_compress.bundle.reader import Bundle
from edge_compress.compress.auto.errors import AutoError
from edge_compress.compress.auto.look import look
from edge_compress.compress.auto.request import Request
from edge_compress.compress.auto.run import auto
from edge_compress.compress.recipe import load_recipe
from edge_compress.compress.search.config import load_search
from edge_compress.compress.search.study import StudyError

pytestmark = pytest.mark.slow


class Notes:
    def __init__(self):
        self.lines = []

    def track(self, items, what, total):
        yield from items

    def note(self, text):
        self.lines.append(text)


@pytest.fixture
def request_of(tmp_path, write_recipe):
    """Return a function that makes a request for the tiny detector on 24 images."""
    folder = tmp_path / "flight"
    folder.mkdir()
    random = np.random.default_rng(0)
    for i in range(24):
        blocks = random.integers(0, 256, (5, 6, 3), np.uint8)
        image = cv2.resize(blocks, (96, 80), interpolation=cv2.INTER_NEAREST)
        cv2.imwrite(str(folder / f"{i:02d}.png"), image)
    recipe = write_recipe()

    def make(**changes):
        given = {"model": str(recipe), "data": str(folder), "max_drop": 1.0, "trials": 2}
        return Request(**{**given, "minutes": 10.0, **changes})

    return make


def test_a_search_is_chosen_and_run_and_gone_on_with(request_of, tmp_path):
    folder = tmp_path / "not" / "there"
    output, notes = folder / "small.bundle", Notes()
    found = auto(request_of(), output, progress=notes)
    assert Bundle.open(output).manifest.task == "detection"
    assert found.record.chosen is not None
    assert len(found.record.trials) == 2
    assert (folder / "small.search" / "report.html").exists()
    told = "\n".join(notes.lines)
    assert "- fold_focus: the model does not begin with a Focus stem" in told
    assert "+ resize_input: 17% of the input is padding for this camera" in told

    file = folder / "small.auto.yaml"
    config = load_search(file)
    assert config.recipe["target"]["budget"] == {"max_drop": 1.0}
    assert load_recipe(folder / "small.search" / "recipe.yaml").task == "detection"
    with pytest.raises(BundleError, match="exists already"):
        auto(request_of(), output)
    with pytest.raises(AutoError, match="was written for another request"):
        auto(request_of(seed=1), output, overwrite=True)

    again = Notes()
    same = auto(request_of(), output, overwrite=True, progress=again)
    assert again.lines[0] == f"go on with {file}", "nothing is looked at twice"
    assert [row.parameters for row in same.record.trials] == [
        row.parameters for row in found.record.trials
    ]

    frame = tmp_path / "flight" / "00.png"
    frame.write_bytes((tmp_path / "flight" / "01.png").read_bytes())
    with pytest.raises(StudyError, match="was begun: data; .*--fresh"):
        auto(request_of(), output, overwrite=True)
    recipe = Path(request_of().model)
    recipe.write_text(recipe.read_text().replace("cat", "cow"))
    with pytest.raises(AutoError, match="model, data or device file has changed"):
        auto(request_of(), output, overwrite=True)


def test_a_budget_that_nothing_can_meet_gives_the_closest_and_what_binds(request_of, tmp_path):
    request = request_of(size_mb=0.0001)
    found = auto(request, tmp_path / "small.bundle")
    assert found.record.chosen is None
    assert "size binds" in found.record.binding
    assert found.bundle.is_dir()


def test_a_folder_that_cannot_be_made_is_said_before_the_work(request_of, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AutoError, match="its folder cannot be made"):
        auto(request_of(), tmp_path / "file" / "small.bundle")


def test_a_look_sees_what_a_recipe_cannot_say(write_recipe):
    recipe = load_recipe(write_recipe(model__input={"height": 64, "width": 64, "color": "bgr"}))
    findings = look(recipe, Notes())
    assert (findings.height, findings.width, findings.multiple) == (64, 64, 8)
    assert findings.aspect == pytest.approx(80 / 96)
    assert [(size.height, size.width) for size in findings.sizes][:2] == [(56, 64), (48, 56)]
    assert all(0 <= size.agreement <= 1 for size in findings.sizes)
    assert findings.original_ms > 0
    assert findings.int8 is None or findings.int8 > 0
    assert not findings.focus
    assert not findings.labelled
    assert findings.trainable
    assert findings.seconds > 0


def test_the_search_file_is_yaml_without_anchors(request_of, tmp_path):
    output = tmp_path / "small.bundle"
    auto(request_of(trials=1), output)
    text = (tmp_path / "small.auto.yaml").read_text()
    assert "&id" not in text
    assert yaml.safe_load(text)["algorithm"] == "tpe"
