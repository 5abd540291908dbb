"""5,000 handwritten digits, and small models that learn them in seconds."""

from __future__ import annotations

import copy
import functools
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from edge_compress import assets
from edge_compress.bundle.schema import ClassifierHead, InputSpec
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.footage import Frames
from edge_compress.compress.models.tuple_output import TupleOutput
from edge_compress.compress.pass_base import Context
from edge_compress.compress.progress import Silent
from edge_compress.compress.target import Target
from edge_compress.compress.training.schedule import Augmentation, Schedule
from edge_compress.compress.training.teacher import Teacher
from edge_compress.compress.training.trainer import lessons_for, train
from edge_compress.vision.detections import Detections

LABELS = tuple("0123456789")
INPUT = InputSpec(height=28, width=28, scale=1 / 255, fit="stretch")
# Digits are not mirrored, and a mirrored one is another sign.
STILL = Augmentation(mirror=False, shift=0, contrast=0, brightness=0)


class Digits(NamedTuple):
    """Parts of the 5,000 pictures, all labelled."""

    learn: Frames
    validation: Frames
    held_out: Frames


@functools.cache
def load_digits() -> Digits:
    """MNIST's first 500 of each digit, LeCun et al., 1998; as grey pictures in BGR."""
    table = np.loadtxt(assets.fetch("mnist_5k.csv.gz"), delimiter=",", dtype=np.uint8)
    table = table[np.random.default_rng(0).permutation(len(table))]
    images = np.repeat(table[:, :784].reshape(-1, 28, 28, 1), 3, axis=3)
    whole = np.array([[0, 0, 28, 28]], np.float32)
    truth = [
        Detections(whole, np.ones(1, np.float32), np.array([digit], np.int64), LABELS)
        for digit in table[:, 784]
    ]
    frames = Frames.of(images, "digits", truth)
    return Digits(frames[:3500], frames[3500:4000], frames[4000:])


class Mlp(nn.Sequential):
    """784-100-10 on one of the three equal channels."""

    def __init__(self, hidden: int = 100) -> None:
        super().__init__(nn.Flatten(), nn.Linear(784, hidden), nn.ReLU(), nn.Linear(hidden, 10))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return super().forward(images[:, 0])


class Wide(Mlp):
    """One class too many."""

    def __init__(self) -> None:
        super().__init__()
        self[-1] = nn.Linear(100, 11)


class Cnn(nn.Sequential):
    """Two blocks of convolution, batch norm and ReLU, and a linear classifier."""

    def __init__(self, width: int = 16) -> None:
        super().__init__(
            *self._block(3, width),
            *self._block(width, 2 * width),
            nn.Flatten(),
            nn.Linear(98 * width, 10),
        )

    @staticmethod
    def _block(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
        conv = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False)
        return conv, nn.BatchNorm2d(outputs), nn.ReLU()


def candidate_of(module: nn.Module) -> Candidate:
    """A classifier of digits around a module that gives [n, 10]."""
    return Candidate(TupleOutput(module).eval(), INPUT, ClassifierHead(), LABELS, "classification")


def context_for(teacher: Candidate, *, labels: bool = True, **changes: object) -> Context:
    """A context on the digits; without labels, the frames are mere footage."""
    digits = load_digits()
    learn, validation = digits.learn, digits.validation
    if not labels:
        learn, validation = (Frames.of(list(part), "digits") for part in (learn, validation))
    settings: dict[str, object] = {
        "teacher": Teacher(teacher, learn, Silent()),
        "learn": learn,
        "validation": validation,
        "target": Target(channel_step=4),
        "seed": 0,
        "progress": Silent(),
    }
    return Context(**{**settings, **changes})  # type: ignore[arg-type]


@functools.cache
def trained(kind: type[nn.Module]) -> Candidate:
    """A model of that kind after a few seconds of training; do not change it in place."""
    torch.manual_seed(0)
    candidate = candidate_of(kind())
    context = context_for(candidate)
    schedule = Schedule(epochs=12, learning_rate=3e-3, batch_size=64, augmentation=STILL)
    train(candidate, lessons_for(candidate, context, "labels"), schedule, context, "train")
    return candidate


def copied(candidate: Candidate) -> Candidate:
    """The same model, free to be changed in place."""
    return candidate.with_module(copy.deepcopy(candidate.module))


def accuracy(candidate: Candidate, frames: Frames | None = None) -> float:
    """Share of right answers, 0-1; of the held-out digits when no others are given."""
    frames = load_digits().held_out if frames is None else frames
    return context_for(candidate, validation=frames).quality(candidate)
