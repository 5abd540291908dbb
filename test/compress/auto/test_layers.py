"""Layers are told apart by what they cost and what they bear."""

from __future__ import annotations

from collections import OrderedDict

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from edge_compress.bundle.schema import ClassifierHead, InputSpec
from edge_compress.compress.auto.layers import sensitive_layers, shares, why_uncuttable
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.footage import Frames
from edge_compress.compress.models.tuple_output import TupleOutput
from edge_compress.compress.pass_base import Context
from edge_compress.compress.progress import Silent
from edge_compress.compress.target import Target
from edge_compress.compress.training.teacher import Teacher

LABELS = ("a", "b", "c", "d", "e")


def half_empty() -> nn.Linear:
    """A layer of which half of the channels say nothing."""
    layer = nn.Linear(32, 32, bias=False)
    with torch.no_grad():
        layer.weight[16:] = 0
    return layer


def classifier(*layers: tuple[str, nn.Module], size: int = 32) -> Candidate:
    spec = InputSpec(height=size, width=size, scale=1 / 255, mean=(0.5, 0.5, 0.5))
    module = TupleOutput(nn.Sequential(OrderedDict(layers))).eval()
    return Candidate(module, spec, ClassifierHead(), LABELS, "classification")


@pytest.fixture
def frames() -> Frames:
    random = np.random.default_rng(0)
    images = [
        cv2.resize(random.integers(0, 256, (4, 4, 3), np.uint8), (32, 32), interpolation=0)
        for _ in range(60)
    ]
    return Frames.of(images)


def context_of(candidate: Candidate, frames: Frames) -> Context:
    teacher = Teacher(candidate, frames, Silent())
    return Context(teacher, frames, frames, Target(channel_step=8), 0, Silent())


def test_a_layer_whose_channels_all_count_is_told_from_those_with_some_to_spare(frames):
    torch.manual_seed(0)
    candidate = classifier(
        ("pool", nn.AvgPool2d(8)),
        ("flat", nn.Flatten()),
        ("first", nn.Linear(48, 32)),
        ("spare_1", half_empty()),
        ("spare_2", half_empty()),
        ("tight", nn.Linear(32, 4, bias=False)),
        ("output", nn.Linear(4, 5, bias=False)),
    )
    with torch.no_grad():
        candidate.module.get_submodule("module.first").weight[16:] = 0
    found = sensitive_layers(candidate, context_of(candidate, frames))
    assert found == ("module.tight",), "and not the output, whose channels are the answer"


def test_channels_that_are_too_few_to_cut_are_told(frames):
    thin = classifier(
        ("conv", nn.Conv2d(3, 8, 3, padding=1)),
        ("pool", nn.AdaptiveAvgPool2d(1)),
        ("flat", nn.Flatten()),
        ("output", nn.Linear(8, 5)),
    )
    assert "no layer of more than 8 channels" in why_uncuttable(thin, context_of(thin, frames))
    broad = classifier(
        ("conv", nn.Conv2d(3, 16, 3, padding=1)),
        ("pool", nn.AdaptiveAvgPool2d(1)),
        ("flat", nn.Flatten()),
        ("output", nn.Linear(16, 5)),
    )
    assert why_uncuttable(broad, context_of(broad, frames)) == ""


def test_shares_tell_linear_weights_and_wide_convolutions():
    candidate = classifier(
        ("narrow", nn.Conv2d(3, 64, 3, stride=4, padding=1, bias=False)),
        ("wide", nn.Conv2d(64, 64, 3, padding=1, bias=False)),
        ("depthwise", nn.Conv2d(64, 64, 3, padding=1, groups=64, bias=False)),
        ("flat", nn.Flatten()),
        ("output", nn.Linear(64 * 64, 5, bias=False)),
    )
    linear, wide = shares(candidate)
    weights = {"narrow": 27 * 64, "wide": 9 * 64 * 64, "depthwise": 9 * 64, "output": 5 * 64 * 64}
    assert linear == pytest.approx(weights["output"] / sum(weights.values()))
    places = 64
    work = places * (weights["narrow"] + weights["wide"] + weights["depthwise"])
    assert wide == pytest.approx(places * weights["wide"] / (work + weights["output"]))
