"""A whole run on labelled data."""

from __future__ import annotations

import numpy as np

from edge_compress.compress import pipeline
from edge_compress.compress.recipe import load_recipe


def test_with_labels_the_report_shows_what_the_original_sees_and_not_the_labels(
    write_recipe, coco, tmp_path
):
    coco.write()
    part = {"images": "images", "annotations": "instances.json"}
    data = {"format": "coco", "learn": part, "held_out": 0.4}
    _, record = pipeline.run(
        load_recipe(write_recipe(data=data, passes=[{"kind": "half_weights"}])),
        tmp_path / "tiny.bundle",
    )
    for sample in record.samples:
        np.testing.assert_allclose(sample.original.boxes, sample.compressed.boxes, atol=1)
        assert all(score < 1 for score in sample.original.scores)
