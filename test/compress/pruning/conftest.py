"""Small networks with all that channels hang together by, and frames to judge them on."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from edge_compress.bundle.schema import ClassifierHead, InputSpec
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.footage import Frames
from edge_compress.compress.models.tuple_output import TupleOutput
from edge_compress.compress.pass_base import Context
from edge_compress.compress.progress import Silent
from edge_compress.compress.pruning.evidence import Evidence, Material
from edge_compress.compress.target import Target
from edge_compress.compress.training.teacher import Teacher


class Tangled(nn.Module):
    """A residual, a concatenation, depthwise and grouped convolutions, batch norm, a flattening."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.BatchNorm2d(16), nn.ReLU())
        self.depthwise = nn.Conv2d(16, 16, 3, padding=1, groups=16)
        self.pointwise = nn.Conv2d(16, 16, 1)
        self.left = nn.Conv2d(16, 8, 1)
        self.right = nn.Conv2d(16, 16, 3, padding=1, groups=4)
        self.join = nn.Conv2d(24, 16, 3, 2, 1)
        self.hidden = nn.Linear(16 * 4 * 4, 24)
        self.head = nn.Linear(24, 5)

    def forward(self, images: Tensor) -> Tensor:
        stem = self.stem(images)
        kept = stem + self.pointwise(self.depthwise(stem)).relu()
        both = torch.cat([self.left(kept).relu(), self.right(kept).relu()], 1)
        return self.head(self.hidden(self.join(both).relu().flatten(1)).relu())


class Plain(nn.Sequential):
    """Two convolutions with batch norm, and a classifier."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(3, 16, 3, 2, 1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, 16, 3, 2, 1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(16 * 16, 5),
        )


def candidate_of(module: nn.Module) -> Candidate:
    spec = InputSpec(height=16, width=16, scale=1 / 255, fit="stretch")
    wrapped = TupleOutput(module).eval()
    return Candidate(wrapped, spec, ClassifierHead(), tuple("abcde"), "classification")


def _candidate(kind: type[nn.Module]) -> Candidate:
    """Of random weights and of statistics as batch norm has them after training."""
    torch.manual_seed(0)
    module = kind()
    with torch.no_grad():
        module.train()
        for _ in range(60):
            module(torch.rand(64, 3, 16, 16))
    return candidate_of(module)


@pytest.fixture
def as_candidate():
    """Return a function that makes a classifier of five classes of a module."""
    return candidate_of


@pytest.fixture
def tangled() -> Candidate:
    return _candidate(Tangled)


@pytest.fixture
def plain() -> Candidate:
    return _candidate(Plain)


@pytest.fixture(scope="session")
def noise() -> Frames:
    """80 frames, 16 x 16."""
    random = np.random.default_rng(0)
    return Frames.of(list(random.integers(0, 256, (80, 16, 16, 3), np.uint8)))


@pytest.fixture
def make_context(noise):
    """Return a function that makes a context with `teacher`, on unlabelled frames."""

    def make(teacher: Candidate, *, channel_step: int = 4, seed: int = 0) -> Context:
        fixed = teacher.with_module(copy.deepcopy(teacher.module))
        return Context(
            teacher=Teacher(fixed, noise, Silent()),
            learn=noise,
            validation=noise,
            target=Target(channel_step=channel_step),
            seed=seed,
            progress=Silent(),
        )

    return make


@pytest.fixture
def evidence_of(make_context):
    """Return a function that gathers what is known of a candidate on the frames."""

    def gather(candidate: Candidate, **settings: int) -> Evidence:
        return Evidence(candidate, Material(candidate, make_context(candidate, **settings)), 64)

    return gather
