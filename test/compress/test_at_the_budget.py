"""What loses exactly as much as the budget allows is within it, whatever the last digit says."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from edge_compress.bundle.schema import ClassifierHead, InputSpec, LatencyStats, Measurement
from edge_compress.compress.acceptance import judge, unmet
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.footage import Frames
from edge_compress.compress.measure import Figures
from edge_compress.compress.models.tuple_output import TupleOutput
from edge_compress.compress.pass_base import Context
from edge_compress.compress.passes import Quantize
from edge_compress.compress.progress import Silent
from edge_compress.compress.quantization.fine_tune import FineTune, fine_tuned
from edge_compress.compress.quantization.mixed import float_for_budget
from edge_compress.compress.search.limits import Limits
from edge_compress.compress.search.record import CandidateFigures
from edge_compress.compress.target import Budget, Target
from edge_compress.compress.training.teacher import Teacher
from edge_compress.compress.weight_grids.fine_tune import GridTuning, tuned
from edge_compress.vision.detections import Detections

REFERENCE, AT_THE_BUDGET = 0.8, 0.7
TARGET = Target(budget=Budget(max_drop=0.1))
LABELS = ("dark", "bright")


def test_the_last_digit_would_decide():
    assert REFERENCE - TARGET.budget.max_drop > AT_THE_BUDGET


@pytest.mark.parametrize(("accuracy", "kept"), [(AT_THE_BUDGET, True), (0.6999, False)])
def test_it_is_kept(accuracy, kept):
    latency = LatencyStats(p50=1, p90=1, p99=1, runs=5, threads=1, provider="cpu", device="test")
    before = Measurement(size_bytes=100, params=1, macs=1, accuracy=0.8, latency_ms=latency)
    after = before.model_copy(update={"accuracy": accuracy, "size_bytes": 50})
    figures = Figures({"fp32": after}, after, latency, 0.5)
    assert judge(before, figures, TARGET, aim="speed", reference=REFERENCE).kept is kept
    assert (unmet(after, TARGET.budget, REFERENCE) == []) is kept
    limits = Limits.of(TARGET.budget, REFERENCE)
    assert (limits.broken(CandidateFigures(quality=accuracy)) == []) is kept


def brighter_than(grey: float) -> Candidate:
    """Calls a picture bright whose mean is above that."""
    decide = nn.Linear(3, 2)
    with torch.no_grad():
        decide.weight.copy_(torch.tensor([[-1.0], [1.0]]).expand(2, 3) / 3)
        decide.bias.copy_(torch.tensor([grey, -grey]))
    module = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), decide)
    spec = InputSpec(height=8, width=8)
    return Candidate(TupleOutput(module).eval(), spec, ClassifierHead(), LABELS, "classification")


class Told(Silent):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def context() -> Context:
    """Ten pictures, darker and darker, all called bright; the teacher is right about eight."""
    whole = np.array([[0, 0, 8, 8]], np.float32)
    bright = Detections(whole, np.ones(1, np.float32), np.array([1], np.int64), LABELS)
    images = [np.full((8, 8, 3), 5 + 20 * step, np.uint8) for step in range(10)]
    frames = Frames.of(images, "greys", [bright] * 10)
    teacher = Teacher(brighter_than(35), frames, Silent())
    return Context(teacher, frames, frames, TARGET, 0, Told())


def test_it_is_not_trained_and_no_layer_is_left_in_float(context):
    candidate = brighter_than(55)
    assert context.quality(candidate) == AT_THE_BUDGET < context.least_quality
    tuned(candidate, GridTuning(), context, "fine-tune")
    assert not any("fine-tune" in note for note in context.progress.notes)
    plan = Quantize(
        profiles=("ort-cpu",), fine_tune=FineTune(when="below_budget"), float_predictions=False
    )
    plan = plan.model_copy(update={"float_below_db": None, "min_sqnr_db": -100})
    fine_tuned(candidate, plan, context)
    assert not any("fine-tuning" in note for note in context.progress.notes)
    assert float_for_budget(plan, candidate, context) == ()
