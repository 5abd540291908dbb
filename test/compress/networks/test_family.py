"""The family of small networks: what its arguments do, and what it refuses."""

from __future__ import annotations

import cv2
import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from edge_compress.bundle.schema import ClassifierHead, InputSpec, YoloxHead
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.counting import params_and_macs
from edge_compress.compress.export import export_fp32
from edge_compress.compress.footage import Frames
from edge_compress.compress.models.head_fit import check_head
from edge_compress.compress.models.tuple_output import TupleOutput
from edge_compress.compress.networks.arguments import declared_ranges
from edge_compress.compress.networks.mlp import mlp
from edge_compress.compress.networks.small_classifier import small_classifier
from edge_compress.compress.networks.small_detector import small_detector
from edge_compress.compress.pass_base import Context
from edge_compress.compress.passes import Prune, Train
from edge_compress.compress.progress import Silent
from edge_compress.compress.target import Target
from edge_compress.compress.training.schedule import Augmentation, Schedule
from edge_compress.compress.training.teacher import Teacher
from edge_compress.vision.detections import Detections

BLOCKS = ("plain", "residual", "separable", "inverted")
ACTIVATIONS = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "silu": nn.SiLU,
    "hardswish": nn.Hardswish,
    "tanh": nn.Tanh,
}
INPUT = InputSpec(height=64, width=96, scale=1 / 255)
LABELS = ("bright", "dark")
DETECTOR = {"classes": 2, "width": 8, "head_width": 16}


def params(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def convolutions(module: nn.Module) -> list[nn.Conv2d]:
    return [m for m in module.modules() if isinstance(m, nn.Conv2d)]


@pytest.mark.parametrize("block", BLOCKS)
def test_a_classifier_takes_any_size_of_picture_and_gives_a_value_a_class(block):
    module = small_classifier(classes=4, block=block, layers=2, width=8)
    for size in ((28, 28), (33, 50)):
        assert module(torch.zeros(2, 3, *size)).shape == (2, 4)


@pytest.mark.parametrize("block", BLOCKS)
def test_a_detector_is_what_the_yolox_head_reads(block):
    module = small_detector(**DETECTOR, block=block).eval()
    with torch.no_grad():
        output = module(torch.rand(1, 3, 64, 96))
    assert output.shape == (1, 8 * 12 + 4 * 6 + 2 * 3, 7)
    check_head("small_detector", YoloxHead(), ["output"], INPUT, [output])
    assert (output[..., 4:] < 0.5).all(), "it begins by seeing nothing"


@pytest.mark.parametrize(("strides", "cells"), [((8,), 96), ((16, 32), 30), ((4, 8), 480)])
def test_the_strides_of_a_detector_are_those_of_its_head(strides, cells):
    output = small_detector(**DETECTOR, strides=strides)(torch.zeros(2, 3, 64, 96))
    assert output.shape == (2, cells, 7)


def test_more_layers_more_width_and_a_larger_kernel_are_more_network():
    small = params(small_classifier())
    assert params(small_classifier(layers=2)) > small
    assert params(small_classifier(width=24)) > small
    assert params(small_classifier(kernel=5)) > small
    assert params(small_classifier(growth=1.5)) < small
    assert len(convolutions(small_classifier(stages=4))) > len(convolutions(small_classifier()))
    deeper = small_classifier(block="inverted", expansion=6)
    assert params(deeper) > params(small_classifier(block="inverted", expansion=2))


def test_a_stride_in_the_stem_saves_three_quarters_of_the_work():
    spec = InputSpec(height=32, width=32)
    _, whole = params_and_macs(small_classifier(), spec)
    _, strided = params_and_macs(small_classifier(stem_stride=2), spec)
    assert strided == pytest.approx(whole / 4, rel=0.05)


@pytest.mark.parametrize(("name", "kind"), ACTIVATIONS.items())
def test_the_activation_is_the_one_that_was_asked_for(name, kind):
    for module in (small_classifier(activation=name), small_detector(activation=name)):
        used = {type(m) for m in module.modules() if type(m) in ACTIVATIONS.values()}
        assert used == {kind}


def test_a_perceptron_may_have_several_hidden_layers():
    module = mlp(hidden=20, layers=3, size=4, activation="tanh")
    shapes = [tuple(m.weight.shape) for m in module.modules() if isinstance(m, nn.Linear)]
    assert shapes == [(20, 16), (20, 20), (20, 20), (10, 20)]
    assert sum(isinstance(m, nn.Tanh) for m in module.modules()) == 3


@pytest.mark.parametrize(
    ("factory", "arguments", "message"),
    [
        (small_classifier, {"kernel": 4}, "`kernel`: must be odd, got 4"),
        (small_classifier, {"layers": 0}, "`layers`: .* greater than or equal to 1, got 0"),
        (small_classifier, {"width": "wide"}, "`width`: .* valid integer.*, got 'wide'"),
        (small_classifier, {"block": "dense"}, "`block`: .*'inverted', got 'dense'"),
        (small_detector, {"activation": "sin"}, "`activation`: .*'tanh', got 'sin'"),
        (small_detector, {"strides": [8, 32]}, "`strides`: must double from 4, 8, 16 or 32"),
        (small_detector, {"strides": []}, "`strides`: .* at least 1"),
        (mlp, {"hidden": -3, "layers": 0}, "`hidden`: .*, got -3; `layers`: .*, got 0"),
    ],
)
def test_an_argument_that_does_not_fit_is_named_with_what_it_may_be(factory, arguments, message):
    with pytest.raises(ValueError, match=message) as caught:
        factory(**arguments)
    assert "\n" not in str(caught.value)


def test_arguments_declare_ranges_that_the_factory_takes():
    for factory in (small_classifier, small_detector, mlp):
        ranges = declared_ranges(factory)
        assert {"layers", "activation"} <= ranges.keys()
        for name, extra in ranges.items():
            for value in extra["search"]:
                factory(**{name: value})
    assert declared_ranges(small_classifier)["width"] == {"search": [8, 64], "log": True}


@pytest.mark.slow
def test_a_detector_learns_from_labels_is_pruned_and_runs_in_onnx(tmp_path):
    torch.manual_seed(0)
    module = TupleOutput(small_detector(**DETECTOR, strides=(8, 16), block="separable")).eval()
    head = YoloxHead(strides=(8, 16))
    untrained = Candidate(module, INPUT, head, LABELS, "detection")
    learn, validation = pictures(96, seed=0), pictures(32, seed=1)
    context = Context(
        teacher=Teacher(untrained, learn, Silent()),
        learn=learn,
        validation=validation,
        target=Target(channel_step=4),
        seed=0,
        progress=Silent(),
    )
    still = Augmentation(mirror=True, shift=0.1, contrast=0, brightness=0)
    schedule = Schedule(epochs=14, batch_size=8, learning_rate=5e-3, augmentation=still)
    trained = Train(schedule=schedule).run(untrained, context)
    assert context.quality(untrained) < 0.05
    assert context.quality(trained) > 0.8

    short = Schedule(epochs=1, batch_size=8)
    pruned = Prune(keep=0.85, steps=1, recovery=short).run(trained, context)
    assert params(pruned.module) < 0.9 * params(trained.module)
    export_fp32(pruned, tmp_path / "model.onnx")
    image = torch.rand(1, 3, 64, 96)
    (found,) = onnxruntime.InferenceSession(tmp_path / "model.onnx").run(
        None, {"images": image.numpy()}
    )
    with torch.no_grad():
        np.testing.assert_allclose(found, pruned.module(image)[0], atol=1e-3)


@pytest.mark.parametrize("block", BLOCKS)
def test_a_network_of_each_block_is_the_same_in_onnx(block, tmp_path):
    torch.manual_seed(0)
    module = small_classifier(block=block, width=8, activation="hardswish").eval()
    spec = InputSpec(height=28, width=28)
    candidate = Candidate(module, spec, ClassifierHead(), tuple("0123456789"), "classification")
    export_fp32(candidate, tmp_path / "model.onnx")
    image = torch.rand(1, 3, 28, 28)
    (found,) = onnxruntime.InferenceSession(tmp_path / "model.onnx").run(
        None, {"images": image.numpy()}
    )
    with torch.no_grad():
        np.testing.assert_allclose(found, module(image), atol=1e-4)


def pictures(count: int, seed: int) -> Frames:
    """Grey noise with a bright and a dark rectangle."""
    random = np.random.default_rng(seed)
    images, truth = [], []
    for _ in range(count):
        image = random.integers(90, 160, (64, 96, 3), np.uint8)
        boxes = []
        for half, value in enumerate((250, 5)):
            width, height = random.integers(14, 32, 2)
            left, top = 48 * half + random.integers(0, 48 - width), random.integers(0, 64 - height)
            corners = (int(left), int(top)), (int(left + width) - 1, int(top + height) - 1)
            cv2.rectangle(image, *corners, (value,) * 3, cv2.FILLED)
            boxes.append([left, top, left + width, top + height])
        images.append(image)
        truth.append(
            Detections(np.array(boxes, np.float32), np.ones(2, np.float32), np.arange(2), LABELS)
        )
    return Frames.of(images, "rectangles", truth)
