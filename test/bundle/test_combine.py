"""Several bundles in one."""

from __future__ import annotations

import hashlib
import json

import cv2
import numpy as np
import pytest

from edge_compress.bundle.combine import combine
from edge_compress.bundle.errors import BundleError
from edge_compress.bundle.reader import Bundle
from edge_compress.inference.detector import Detector

RED, GREEN = (0, 0, 255), (0, 255, 0)


def scene(height, width, color=RED):
    image = np.zeros((height, width, 3), np.uint8)
    image[8:16, 16:24] = color
    return image


@pytest.fixture
def large(make_bundle):
    return Bundle.open(make_bundle("large", profiles=("fp32", "ort-cpu"), sample=scene(64, 96)))


@pytest.fixture
def small(make_bundle):
    return Bundle.open(make_bundle("small", height=32, width=48, sample=scene(32, 48, GREEN)))


def test_all_models_are_in_one_in_their_order(large, small, tmp_path):
    both = Bundle.open(combine([large, small], tmp_path / "both.bundle"))
    told = [(v.rung, v.file, v.input) for v in both.manifest.variants]
    assert told == [
        (0, "model.fp32.onnx", None),
        (0, "model.ort-cpu.onnx", None),
        (1, "rung1.model.fp32.onnx", small.manifest.input),
    ]
    assert (both.manifest.name, both.manifest.input) == ("large", large.manifest.input)
    names = {entry.name for entry in both.path.iterdir()}
    assert {"report.html", "rung1.report.html", "recipe.yaml", "rung1.recipe.yaml"} <= names


def test_each_keeps_its_own_sample(large, small, tmp_path):
    both = Bundle.open(combine([large, small], tmp_path / "both.bundle"))
    own, _, other = both.manifest.variants
    assert (own.sample.file, other.sample.file) == ("sample.png", "rung1.sample.png")
    stored = cv2.imread(str(both.path / "rung1.sample.png"))
    np.testing.assert_array_equal(stored, scene(32, 48, GREEN))
    for variant, name in ((own, "red"), (other, "green")):
        detector = Detector.open(both, providers=("cpu",), variant=variant.file)
        assert detector.detect(cv2.imread(str(both.path / variant.sample.file))).names == (name,)


def test_what_is_combined_can_be_combined_again(large, small, make_bundle, tmp_path):
    tiny = Bundle.open(make_bundle("tiny", height=16, width=24))
    both = Bundle.open(combine([large, small], tmp_path / "both.bundle"))
    for first, second in (([large], [small, tiny]), ([both], [tiny])):
        if len(second) == 2:
            second = [Bundle.open(combine(second, tmp_path / "lower.bundle"))]
        three = Bundle.open(combine([*first, *second], tmp_path / f"{first[0].path.stem}3.bundle"))
        assert [(v.rung, v.file) for v in three.manifest.variants] == [
            (0, "model.fp32.onnx"),
            (0, "model.ort-cpu.onnx"),
            (1, "rung1.model.fp32.onnx"),
            (2, "rung2.model.fp32.onnx"),
        ]
        assert [three.manifest.input_of(v).width for v in three.manifest.variants] == [
            96, 96, 48, 24,
        ]  # fmt: skip


def test_a_bundle_of_an_older_schema_is_combined(large, small, tmp_path):
    manifest = json.loads((small.path / "manifest.json").read_text())
    manifest["schema_version"] = 3
    for key in ("rung", "input", "sample"):
        manifest["variants"][0].pop(key)
    (small.path / "manifest.json").write_text(json.dumps(manifest))
    (small.path / "sample.png").unlink()
    sums = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(small.path.iterdir())
        if path.name != "SHA256SUMS"
    ]
    (small.path / "SHA256SUMS").write_text("".join(sums))
    old = Bundle.open(small.path)
    both = Bundle.open(combine([old, large], tmp_path / "both.bundle"))
    assert both.manifest.schema_version > 3
    assert [v.sample is None for v in both.manifest.variants] == [True, False, False]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"labels": ("cyan", "green", "red")}, r"`labels` \(3: cyan, green, red\) is not that"),
        ({"task": "classification"}, r"`task` \(classification\) is not that of .* \(detection\)"),
    ],
)
def test_what_cannot_stand_in_is_refused(large, make_bundle, tmp_path, settings, said):
    other = Bundle.open(make_bundle("other", **settings))
    with pytest.raises(BundleError, match=said) as error:
        combine([large, other], tmp_path / "both.bundle")
    assert "other.bundle" in str(error.value)
    assert not (tmp_path / "both.bundle").exists()


def test_another_head_is_refused(large, small, tmp_path):
    head = small.manifest.head.model_copy(update={"strides": (16,)})
    other = Bundle(small.path, small.manifest.model_copy(update={"head": head}))
    with pytest.raises(BundleError, match=r"`head` .*16.* is not that of"):
        combine([large, other], tmp_path / "both.bundle")


def test_one_alone_is_refused(large, tmp_path):
    with pytest.raises(BundleError, match="two or more"):
        combine([large], tmp_path / "both.bundle")


def test_what_changed_after_it_was_opened_is_not_taken(large, small, tmp_path):
    (small.path / "model.fp32.onnx").write_bytes(b"another")
    with pytest.raises(BundleError, match="was not added"):
        combine([large, small], tmp_path / "both.bundle")
    assert sorted(tmp_path.glob("*both*")) == []


def test_a_bundle_that_is_there_stays_unless_told(large, small, tmp_path):
    combine([large, small], tmp_path / "both.bundle")
    with pytest.raises(BundleError, match="exists already"):
        combine([small, large], tmp_path / "both.bundle")
    combine([small, large], tmp_path / "both.bundle", overwrite=True)
    assert Bundle.open(tmp_path / "both.bundle").manifest.name == "small"
