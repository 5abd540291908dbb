"""A finished bundle holds a frame by which a robot judges its providers."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge_compress.bundle.reader import Bundle
from edge_compress.compress import pipeline
from edge_compress.compress.recipe import load_recipe
from edge_compress.inference.detector import Detector
from edge_compress.inference.session import ProviderError


def test_a_run_writes_what_each_file_sees_of_one_held_out_frame(write_recipe, tmp_path):
    path = write_recipe(judge="end")  # whatever INT8 does to the speed
    made, _ = pipeline.run(load_recipe(path), tmp_path / "tiny.bundle")
    bundle = Bundle.open(made)
    variants = bundle.manifest.variants
    assert {v.profile for v in variants} > {"fp32"}
    assert {v.sample.file for v in variants} == {"sample.png"}
    # 96 x 80 frames are shown to a 64 x 64 network as 64 x 53.
    image = cv2.imread(str(bundle.path / "sample.png"))
    assert image.shape == (53, 64, 3)
    held_out = [cv2.imread(str(tmp_path / "images" / f"{i:02d}.png")) for i in range(6, 12)]
    shrunk = [cv2.resize(frame, (64, 53), interpolation=cv2.INTER_LINEAR) for frame in held_out]
    assert any(np.array_equal(image, frame) for frame in shrunk)
    for variant in variants:
        detector = Detector.open(bundle, providers=("cpu",), variant=variant.file)
        assert detector.fallbacks == ()


def test_files_of_another_model_do_not_pass(write_recipe, tmp_path):
    made, _ = pipeline.run(load_recipe(write_recipe()), tmp_path / "tiny.bundle")
    bundle = Bundle.open(made)
    sample = bundle.manifest.variants[0].sample
    assert any(seen.score >= 0.4 for seen in sample.objects)
    other = tuple(
        seen.model_copy(update={"class_id": 1 - seen.class_id}) for seen in sample.objects
    )
    swapped = sample.model_copy(update={"objects": other})
    variants = tuple(v.model_copy(update={"sample": swapped}) for v in bundle.manifest.variants)
    wrong = Bundle(bundle.path, bundle.manifest.model_copy(update={"variants": variants}))
    with pytest.raises(ProviderError, match="objects of the bundle's sample are not seen here"):
        Detector.open(wrong, providers=("cpu",))
