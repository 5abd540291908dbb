"""A context for passes, around any model and frames."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge_compress.bundle.schema import ClassifierHead, InputSpec, YoloxHead
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.footage import Frames
from edge_compress.compress.models import load_model
from edge_compress.compress.models.tuple_output import TupleOutput
from edge_compress.compress.pass_base import Context
from edge_compress.compress.progress import Silent
from edge_compress.compress.recipe import ModelConfig
from edge_compress.compress.target import Target
from edge_compress.compress.training.teacher import Teacher


@pytest.fixture
def make_context():
    """Return a function that makes a context, with `original` as the teacher."""

    def make(original: Candidate, frames: Frames, channel_step: int = 8) -> Context:
        return Context(
            teacher=Teacher(original, frames, Silent()),
            learn=frames,
            validation=frames,
            target=Target(channel_step=channel_step),
            seed=0,
            progress=Silent(),
        )

    return make


@pytest.fixture
def blocks() -> Frames:
    """48 images of coloured blocks, 80 x 96."""
    random = np.random.default_rng(0)
    images = [
        cv2.resize(random.integers(0, 256, (5, 6, 3), np.uint8), (96, 80), interpolation=0)
        for _ in range(48)
    ]
    return Frames.of(images)


@pytest.fixture
def detector(tiny) -> Candidate:
    """The tiny detector with a yolox head, at 64 x 64."""
    spec = InputSpec(height=64, width=64, color="bgr")
    module = TupleOutput(tiny.tiny()).eval()
    return Candidate(module, spec, YoloxHead(strides=(8,)), ("cat", "dog"), "detection")


@pytest.fixture
def classifier() -> Candidate:
    """A small convolutional classifier of three classes with random weights, at 32 x 32."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(3, 16, 3, 2, 1),
        nn.SiLU(),
        nn.Conv2d(16, 32, 3, 2, 1),
        nn.SiLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 3),
    )
    nn.init.normal_(module[-1].weight, std=4.0)
    spec = InputSpec(height=32, width=32, scale=1 / 255)
    return Candidate(
        TupleOutput(module).eval(), spec, ClassifierHead(), ("a", "b", "c"), "classification"
    )


@pytest.fixture(scope="session")
def yolox_nano(yolox_onnx) -> Candidate:
    """The real YOLOX-Nano, COCO-80, at 416 x 416."""
    spec = InputSpec(height=416, width=416, color="bgr", anchor="top_left")
    config = ModelConfig(source=str(yolox_onnx), labels="coco", input=spec, head=YoloxHead())
    return load_model(config, "detection")


@pytest.fixture(scope="session")
def street(vtest_video) -> Frames:
    """Eight frames of people in a square, spread over the video."""
    capture = cv2.VideoCapture(str(vtest_video))
    images = []
    for number in range(0, 400, 50):
        capture.set(cv2.CAP_PROP_POS_FRAMES, number)
        ok, image = capture.read()
        assert ok
        images.append(image)
    capture.release()
    return Frames.of(images, "street")
