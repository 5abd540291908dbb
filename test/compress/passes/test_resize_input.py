"""The input takes the camera's shape and the smallest size that still agrees."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from edge_compress.bundle.schema import InputSpec
from edge_compress.compress.input_sizes import agreement_with, sizes_below
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


@pytest.mark.parametrize("side", [300, 299, 260, 150])
def test_an_input_that_is_no_multiple_is_made_one(side):
    spec = InputSpec(height=side, width=side)
    sizes = sizes_below(spec, 1.0, 32, 0.2)
    largest = side // 32 * 32
    assert sizes == [(s, s) for s in range(largest, 0, -32) if s * s >= 0.2 * side * side]
    assert ResizeInput(width=sizes[0][1]).width == largest


def test_the_width_stays_where_less_height_is_enough():
    sizes = sizes_below(InputSpec(height=416, width=416), 0.75, 32, 0.2)
    assert sizes[0] == (320, 416)
    assert sizes_below(InputSpec(height=640, width=352), 0.5, 32, 0.5)[0] == (320, 640)
    with pytest.raises(PassFailed, match="no smaller size in multiples of 32"):
        sizes_below(InputSpec(height=28, width=28), 1.0, 32, 0.2)
