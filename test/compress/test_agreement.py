"""Agreement is COCO's AP at IoU 0.5 against the original's own detections."""

from __future__ import annotations

import numpy as np
import pytest

from edge_compress.compress.agreement import agreement_ap50, agreement_top1
from edge_compress.vision.detections import Detections

LABELS = ("cat", "dog", "cow")


def seen(*objects: tuple[int, float, float]) -> Detections:
    """Objects as (class, x, score), each a box of 10 x 10 at (x, 0), best first."""
    ordered = sorted(objects, key=lambda o: -o[2])
    return Detections(
        np.array([[x, 0, x + 10, 10] for _, x, _ in ordered], np.float32).reshape(-1, 4),
        np.array([score for _, _, score in ordered], np.float32),
        np.array([kind for kind, _, _ in ordered], np.int64),
        LABELS,
    )


NOTHING = seen()


def test_a_model_agrees_with_itself():
    random = np.random.default_rng(0)
    frames = [
        seen(*((int(random.integers(3)), 20.0 * i, float(random.random())) for i in range(8)))
        for _ in range(20)
    ]
    assert agreement_ap50(frames, frames).ap50 == 1.0


def test_half_of_the_objects_found_is_an_ap_of_51_of_101_recall_points():
    reference = [seen((0, 0, 0.9)), seen((0, 0, 0.9))]
    assert agreement_ap50(reference, [seen((0, 0, 0.5)), NOTHING]).ap50 == pytest.approx(51 / 101)


def test_a_better_scored_mistake_costs_precision():
    """One object; a wrong box of score .8 comes before the right one of .7: precision 1/2."""
    found = [seen((0, 100, 0.8), (0, 0, 0.7))]
    assert agreement_ap50([seen((0, 0, 0.9))], found).ap50 == pytest.approx(0.5)


def test_a_mistake_with_a_lower_score_costs_nothing():
    found = [seen((0, 0, 0.7), (0, 100, 0.2))]
    assert agreement_ap50([seen((0, 0, 0.9))], found).ap50 == 1.0


@pytest.mark.parametrize(("shift", "ap"), [(3.3, 1.0), (3.4, 0.0)])
def test_a_box_counts_from_an_iou_of_one_half(shift, ap):
    """Two 10 x 10 boxes shifted by s overlap with IoU (10 - s) / (10 + s): 1/2 at 3.33."""
    assert agreement_ap50([seen((0, 0, 0.9))], [seen((0, shift, 0.9))]).ap50 == ap


def test_a_second_box_on_the_same_object_is_a_mistake():
    found = [seen((0, 0, 0.9), (0, 1, 0.8)), seen((0, 0, 0.7))]
    reference = [seen((0, 0, 0.9)), seen((0, 0, 0.9))]
    # Recall 1/2 at precision 1, recall 1 at precision 2/3.
    expected = (51 + 50 * 2 / 3) / 101
    assert agreement_ap50(reference, found).ap50 == pytest.approx(expected)


def test_only_what_the_original_is_sure_of_has_to_be_found():
    reference = [seen((0, 0, 0.9), (0, 50, 0.29))]
    assert agreement_ap50(reference, [seen((0, 0, 0.5))]).ap50 == 1.0


def test_each_class_of_the_reference_weighs_the_same():
    reference = [seen((0, 0, 0.9), (0, 20, 0.9), (0, 40, 0.9), (1, 60, 0.9))]
    agreement = agreement_ap50(reference, [seen((0, 0, 0.9), (0, 20, 0.9), (0, 40, 0.9))])
    assert agreement.per_class == {"cat": 1.0, "dog": 0.0}
    assert agreement.ap50 == 0.5


def test_a_class_that_the_original_never_saw_is_not_counted():
    reference = [seen((0, 0, 0.9))]
    found = [seen((0, 0, 0.9), (2, 50, 0.95))]
    assert agreement_ap50(reference, found).per_class == {"cat": 1.0}


def test_the_right_box_with_the_wrong_class_is_not_found():
    assert agreement_ap50([seen((0, 0, 0.9))], [seen((1, 0, 0.9))]).ap50 == 0.0


def test_at_most_100_detections_of_a_frame_are_looked_at():
    late = seen((0, 5000, 0.05), *((0, 20.0 * i + 20, 0.5) for i in range(100)))
    assert agreement_ap50([seen((0, 5000, 0.9))], [late]).ap50 == 0.0


def test_an_original_that_saw_nothing_is_agreed_with_by_seeing_nothing():
    assert agreement_ap50([NOTHING], [NOTHING]).ap50 == 1.0
    assert agreement_ap50([NOTHING], [seen((0, 0, 0.9))]).ap50 == 0.0


def test_a_candidate_that_sees_nothing_agrees_with_nothing():
    assert agreement_ap50([seen((0, 0, 0.9))], [NOTHING]).ap50 == 0.0


def test_nothing_is_printed(capsys):
    agreement_ap50([seen((0, 0, 0.9))], [seen((0, 0, 0.9))])
    assert capsys.readouterr() == ("", "")


def test_frames_must_be_the_same(capsys):
    with pytest.raises(ValueError, match="2 reference frames, but 1 found"):
        agreement_ap50([NOTHING, NOTHING], [NOTHING])
    with pytest.raises(ValueError, match="1 reference frames, but 2 found"):
        agreement_top1([NOTHING], [NOTHING, NOTHING])


def test_top1_is_the_share_of_frames_with_the_same_best_class():
    reference = [seen((0, 0, 0.9), (1, 0, 0.1)), seen((1, 0, 0.6)), seen((2, 0, 0.6))]
    found = [seen((0, 0, 0.4), (1, 0, 0.3)), seen((2, 0, 0.6)), NOTHING]
    assert agreement_top1(reference, found) == pytest.approx(1 / 3)
