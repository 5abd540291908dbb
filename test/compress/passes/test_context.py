"""How good a candidate is on the frames that a pass may choose by."""

from __future__ import annotations

import numpy as np
import pytest
from digits import Cnn, Mlp, context_for, load_digits, trained

from edge_compress.compress.footage import Frames
from edge_compress.compress.target import Budget, Target
from edge_compress.compress.torch_session import TorchSession
from edge_compress.inference.detector import Detector


def test_with_labels_it_is_accuracy_as_the_detector_on_the_robot_would_have_it():
    candidate = trained(Mlp)
    frames = load_digits().validation[:200]
    detector = Detector(TorchSession(candidate), candidate.input, candidate.head, candidate.labels)
    right = [
        detector.detect(frame).class_ids[0] == label.class_ids[0]
        for frame, label in zip(frames, frames.truth, strict=True)
    ]
    context = context_for(candidate, validation=frames)
    assert context.quality(candidate) == pytest.approx(np.mean(right))


def test_without_labels_it_is_agreement_with_the_teacher():
    teacher, other = trained(Mlp), trained(Cnn)
    context = context_for(teacher, labels=False)
    assert context.quality(teacher) == 1.0
    assert 0.85 < context.quality(other) < 1.0


def test_the_least_that_the_budget_allows_is_measured_on_the_same_frames():
    target = Target(budget=Budget(max_drop=0.02))
    with_labels = context_for(trained(Mlp), target=target)
    assert with_labels.least_quality == with_labels.quality(trained(Mlp)) - 0.02
    assert context_for(trained(Mlp), labels=False, target=target).least_quality == 0.98


def test_a_detector_is_judged_by_its_boxes(detector, blocks, make_context):
    context = make_context(detector, blocks[:8])
    assert context.quality(detector) == 1.0
    seen = [d for d in context.teacher.detections if len(d)]
    assert seen, "there is something to be seen"
    labelled = Frames.of(list(blocks[:8]), truth=context.teacher.detections)
    assert make_context(detector, labelled).quality(detector) > 0.9


def test_parts_of_labelled_frames_keep_their_labels():
    frames = load_digits().held_out
    part = frames[10:20:3]
    assert [int(t.class_ids[0]) for t in part.truth] == [
        int(frames.truth[i].class_ids[0]) for i in (10, 13, 16, 19)
    ]
