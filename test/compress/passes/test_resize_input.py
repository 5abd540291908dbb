"""The input takes the camera's shape and the smallest size that still agrees."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from edge_compress.compress.input_sizes import agreement_with
from edge_compress.compress.pass_base import PassFailed
from edge_compress.compress.passes import ResizeInput


@pytest.mark.slow
def test_yolox_nano_on_a_camera_of_4_to_3(yolox_nano, street, make_context):
    context = make_context(yolox_nano, street)
    loose = ResizeInput(min_agreement=0.3, smallest=0.1).run(yolox_nano, context)
    strict = ResizeInput(min_agreement=0.95, smallest=0.1).run(yolox_nano, context)
    for resized in (loose, strict):
        spec = resized.input
        assert spec.height % 32 == spec.width % 32 == 0
        assert abs(spec.height / spec.width - 576 / 768) < 0.08
        assert resized.module is yolox_nano.module
    assert loose.input.height * loose.input.width < strict.input.height * strict.input.width
    assert strict.input.height * strict.input.width < 416 * 416
    assert agreement_with(context.teacher.detections, strict, street) >= 0.95


def test_no_size_keeps_the_impossible(detector, blocks, make_context):
    with pytest.raises(PassFailed, match=r"`min_agreement` 1\.0: the best of \d+ sizes has"):
        ResizeInput(min_agreement=1.0, multiple=8).run(detector, make_context(detector, blocks))


def test_a_width_that_is_given_is_taken_with_the_height_of_the_camera(
    yolox_nano, street, make_context
):
    context = make_context(yolox_nano, street)
    resized = ResizeInput(width=256).run(yolox_nano, context)
    assert (resized.input.height, resized.input.width) == (192, 256)
    with pytest.raises(ValidationError, match="`width` must be a multiple of 32"):
        ResizeInput(width=250)


def test_a_model_bound_to_its_size_is_refused(classifier, blocks, make_context):
    inner = classifier.module.module
    inner[4] = inner[4].__class__((2, 2))  # the linear layer now misfits
    with pytest.raises(PassFailed, match="bound to its input size"):
        ResizeInput(multiple=8).run(classifier, make_context(classifier, blocks))
