"""Thresholds are checked where they enter."""

from __future__ import annotations

import pytest

from edge_compress.vision.thresholds import ThresholdError, Thresholds


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"confidence": -0.1}, "`confidence` must be between 0 and 1, got -0.1"),
        ({"confidence": float("nan")}, "`confidence`"),
        ({"nms_iou": 1.5}, "`nms_iou`"),
        ({"max_detections": 0}, "`max_detections` must be at least 1, got 0"),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(values, said):
    with pytest.raises(ThresholdError, match=said):
        Thresholds(**values)


def test_the_ends_of_the_ranges_are_allowed():
    Thresholds(confidence=0.0, nms_iou=1.0, max_detections=1)
