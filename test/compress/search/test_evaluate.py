"""A candidate is built, trained no longer than it is worth, and measured."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from searches import Point, write_digits, write_search

from edge_compress.compress.progress import Silent
from edge_compress.compress.search.config import load_search
from edge_compress.compress.search.evaluate import Evaluator
from edge_compress.compress.search.hopeless import Finished
from edge_compress.compress.search.opened import opened
from edge_compress.compress.search.plan import Plan
from edge_compress.compress.search.record import CandidateFigures
from edge_compress.compress.search.trial import Outcome, TrialFailed, TrialStopped

HIDDEN = "model.arguments.hidden"
RATE = "passes.0.train.schedule.learning_rate"


@pytest.fixture
def folder(tmp_path):
    write_digits(tmp_path / "digits", 200, 50)
    return tmp_path


def evaluated(path, values, finished: Sequence[Finished] = ()) -> Outcome:
    plan = Plan.of(load_search(path), path)
    journal = path.parent / f"journal-{len(list(path.parent.glob('journal*')))}"
    with opened(plan, journal, Silent()) as work:
        evaluate = Evaluator(work.setting, lambda: finished)
        return evaluate(Point(values, plan.space.fill(values)))


def test_a_candidate_has_all_figures_and_the_same_ones_each_time(folder):
    path = write_search(folder, ranking={"epochs": 1.0})
    values = {HIDDEN: 16, RATE: 1e-2}
    first, again = evaluated(path, values), evaluated(path, values)
    figures = CandidateFigures(
        **{k: v for k, v in first.figures.items() if k in CandidateFigures.model_fields}
    )
    assert figures.quality == again.figures["quality"] > 0.3
    assert figures.params == 784 * 16 + 16 + 16 * 10 + 10
    assert figures.macs == 784 * 16 + 16 * 10
    assert figures.size_bytes == pytest.approx(4 * figures.params, rel=0.05)
    assert first.values == [figures.quality, figures.latency_ms]
    assert first.feasible
    assert list(first.figures["looks"]) == ["train 1/4", "train 2/4", "train 3/4"]


def test_a_hopeless_candidate_is_stopped_on_the_way(folder):
    done = Finished({"train 1/4": 0.9}, CandidateFigures(quality=0.95, latency_ms=1e-6), True)
    path = write_search(folder, ranking={"epochs": 1.0})
    values = {HIDDEN: 4, RATE: 1e-3}
    with pytest.raises(TrialStopped, match="after train 1/4") as caught:
        evaluated(path, values, [done] * 5)
    assert caught.value.figures["params"] > 0  # what was known of it is kept
    assert caught.value.figures["quality"] < 0.5
    keep_on = write_search(folder, ranking={"epochs": 1.0}, stop_hopeless=False)
    assert evaluated(keep_on, values, [done] * 5).feasible


def test_a_short_training_has_a_share_of_the_epochs(folder, monkeypatch):
    """One of four epochs of 150 digits, in steps of 50."""
    steps = []
    step = torch.optim.AdamW.step
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda *a: (steps.append(1), step(*a))[1])
    evaluated(write_search(folder, ranking={"epochs": 0.25}), {HIDDEN: 4, RATE: 1e-3})
    assert len(steps) == 3
    steps.clear()
    half = write_search(folder, ranking={"epochs": 0.5, "frames": 0.5})
    evaluated(half, {HIDDEN: 4, RATE: 1e-3})
    assert len(steps) == 4


def test_a_candidate_with_other_classes_is_refused_alone(folder):
    path = write_search(
        folder,
        recipe__model__arguments={"hidden": 4, "classes": {"search": [10, 11]}},
        recipe__passes__0__schedule={"epochs": 1},
    )
    with pytest.raises(TrialFailed, match="11"):
        evaluated(path, {"model.arguments.classes": 11})


def test_footage_that_only_chooses_is_not_learnt_from(tmp_path, images, tiny_onnx):
    """Of a video without labels the end is set apart while candidates are ranked."""
    content = {
        "task": "detection",
        "model": {
            "source": "tiny.onnx",
            "labels": ["cat", "dog"],
            "input": {"height": 64, "width": 64, "color": "bgr"},
            "head": {"kind": "yolox", "strides": [8]},
        },
        "data": {
            "frames": "images",
            "learn": {"count": 10},
            "held_out": {"start": 10, "count": 2},
        },
        "passes": [
            {"kind": "distill", "schedule": {"epochs": 1, "batch_size": 4}},
            {"kind": "half_weights", "optional": True},
        ],
    }
    path = write_search(tmp_path, recipe=content)
    plan = Plan.of(load_search(path), path)
    with opened(plan, tmp_path / "journal", Silent()) as work:
        setting = work.setting
        assert setting.learn.indices == tuple(range(8))
        assert setting.validation.indices == (8, 9)
        assert setting.reference == 1.0
        point = {"passes.1.half_weights.included": True}
        found = Evaluator(setting, list)(Point(point, plan.space.fill(point)))
        plain = {"passes.1.half_weights.included": False}
        larger = Evaluator(setting, list)(Point(plain, plan.space.fill(plain)))
    assert found.figures["size_bytes"] < larger.figures["size_bytes"]
    assert found.figures["quality"] > 0.5
