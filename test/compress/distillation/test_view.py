"""A teacher that is fed in another way sees the student's frames as it would its own."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from edge_compress.bundle.schema import InputSpec
from edge_compress.compress.distillation.view import View, same_input, same_place
from edge_compress.vision.preprocess import preprocess

STUDENT = InputSpec(height=48, width=64, scale=1 / 255, fit="stretch")


@pytest.mark.parametrize(
    "teacher",
    [
        InputSpec(height=48, width=64, color="bgr", fit="stretch"),
        InputSpec(
            height=48,
            width=64,
            scale=1 / 255,
            mean=(0.5, 0.4, 0.3),
            std=(0.2, 0.3, 0.4),
            fit="stretch",
        ),
        InputSpec(height=96, width=128, color="bgr", fit="stretch"),
        InputSpec(height=24, width=40, fit="stretch"),
    ],
)
def test_the_batch_is_what_the_teacher_would_be_fed(teacher):
    coarse = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    frame = cv2.resize(coarse, (64, 48), interpolation=cv2.INTER_LINEAR)
    student_input = torch.from_numpy(preprocess(frame, STUDENT)[0])
    wanted = preprocess(frame, teacher)[0]
    seen = View(STUDENT, teacher)(student_input).numpy()
    assert seen.shape == wanted.shape
    span = wanted.max() - wanted.min()
    resized = (teacher.height, teacher.width) != (48, 64)
    assert np.abs(seen - wanted).mean() / span < (0.02 if resized else 1e-6)


def test_the_same_input_is_passed_on_as_it_is():
    renamed = STUDENT.model_copy(update={"name": "x"})
    assert same_input(STUDENT, renamed)
    images = torch.rand(1, 3, 48, 64)
    assert View(STUDENT, renamed)(images) is images
    assert not same_input(STUDENT, STUDENT.model_copy(update={"color": "bgr"}))


def test_where_a_frame_lies_in_both_inputs():
    box = InputSpec(height=48, width=64)
    assert same_place(STUDENT, STUDENT.model_copy(update={"height": 10, "width": 99}))
    assert same_place(box, box.model_copy(update={"height": 96, "width": 128}))
    assert not same_place(box, STUDENT)
    assert not same_place(box, box.model_copy(update={"height": 64}))
    assert not same_place(box, box.model_copy(update={"anchor": "top_left"}))
