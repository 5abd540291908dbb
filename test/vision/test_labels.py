"""Label sets that come with the package."""

from __future__ import annotations

import pytest

from edge_compress.vision.labels import LabelsError, load_labels


def test_coco_has_its_eighty_classes_in_order():
    labels = load_labels("coco")
    assert len(labels) == len(set(labels)) == 80
    # As YOLOX and torchvision's 80-class models number them.
    assert [labels[i] for i in (0, 2, 16, 39, 62, 79)] == [
        "person", "car", "dog", "bottle", "tv", "toothbrush",
    ]  # fmt: skip


def test_an_unknown_set_is_refused_with_those_that_are_known():
    with pytest.raises(LabelsError, match=r"'imagenot'.*coco"):
        load_labels("imagenot")
