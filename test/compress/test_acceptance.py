"""A pass is kept by what was measured."""

from __future__ import annotations

import pytest

from edge_compress.bundle.schema import LatencyStats, Measurement
from edge_compress.compress.acceptance import judge, unmet
from edge_compress.compress.measure import Figures
from edge_compress.compress.target import Budget, Target
from edge_compress.compress.timing import paired_ratio

LATENCY = LatencyStats(p50=10, p90=11, p99=12, runs=5, threads=1, provider="cpu", device="test")


def measured(agreement: float, **changes) -> Measurement:
    return Measurement(
        size_bytes=2_000_000, params=1, macs=1, agreement_ap50=agreement, latency_ms=LATENCY
    ).model_copy(update=changes)


TARGET = Target(budget=Budget(max_drop=0.1))


def verdict(before: float, after: float, ratio: float, aim="speed", size=1.0, target=TARGET):
    candidate = measured(after, size_bytes=round(2_000_000 * size))
    figures = Figures({"fp32": candidate}, candidate, LATENCY, ratio)
    return judge(measured(before), figures, target, aim=aim, reference=1.0)


@pytest.mark.parametrize(
    ("before", "after", "ratio", "kept"),
    [
        (1.0, 0.95, 0.5, True),
        (1.0, 0.90, 0.5, True),
        (1.0, 0.899, 0.1, False),
        (1.0, 1.0, 1.03, False),
        (0.95, 0.92, 0.97, True),
    ],
)
def test_a_pass_must_stay_in_the_budget_and_not_slow_down(before, after, ratio, kept):
    assert verdict(before, after, ratio).kept is kept


@pytest.mark.parametrize(
    ("before", "after", "ratio", "kept"),
    [
        (0.92, 0.95, 1.04, True),
        (0.92, 0.92, 1.0, True),
        (0.92, 0.919, 0.5, False),
        (0.92, 0.95, 1.06, False),
    ],
)
def test_a_pass_for_accuracy_must_not_lose_any(before, after, ratio, kept):
    assert verdict(before, after, ratio, aim="accuracy").kept is kept


@pytest.mark.parametrize(
    ("ratio", "size", "kept"),
    [(1.0, 1.0, False), (0.99, 1.0, False), (1.0, 0.5, True), (0.9, 1.0, True), (1.02, 0.5, True)],
)
def test_a_pass_must_gain_something(ratio, size, kept):
    assert verdict(1, 1, ratio, size=size).kept is kept
    assert verdict(1, 1, ratio, "structure", size).kept, "this one only prepares for another"


@pytest.mark.parametrize(
    ("ratio", "size", "kept"),
    [(1.5, 0.9, True), (1.5, 1.0, False), (0.5, 1.0, True), (0.5, 1.1, False)],
)
def test_a_smaller_file_may_be_slower_where_size_is_what_counts(ratio, size, kept):
    by_size = Target(optimize="size", budget=Budget(max_drop=0.1))
    assert verdict(1, 1, ratio, size=size, target=by_size).kept is kept


def test_what_only_the_robot_can_time_is_kept_within_the_budget_and_said():
    after = measured(0.95)
    figures = Figures({"fp32": after}, after, LATENCY, 1.0, timed=False)
    board = Target(profile="tensorrt", budget=Budget(max_drop=0.1))
    verdict = judge(measured(1), figures, board, aim="speed", reference=1)
    assert verdict.kept
    assert "latency not measured: tensorrt is not here" in verdict.why


def test_with_labels_accuracy_is_judged_against_that_of_the_reference():
    after = measured(0, agreement_ap50=None, accuracy=0.75)
    figures = Figures({"fp32": after}, after, LATENCY, 0.5)
    before = measured(0, agreement_ap50=None, accuracy=0.8)
    assert judge(before, figures, TARGET, aim="speed", reference=0.84).kept
    verdict = judge(before, figures, TARGET, aim="speed", reference=0.86)
    assert not verdict.kept
    assert "accuracy 0.750 is below the 0.760" in verdict.why


def test_the_verdict_says_what_decided():
    assert "agreement 0.850 is below the 0.900" in verdict(1, 0.85, 0.5).why
    assert "slower: 1.50x" in verdict(1, 1, 1.5).why
    assert "agreement fell from 0.950 to 0.940" in verdict(0.95, 0.94, 1, "accuracy").why
    assert "0.50x the latency of the last kept model" in verdict(1, 0.95, 0.5).why


def test_top1_agreement_is_judged_the_same():
    after = measured(0).model_copy(update={"agreement_ap50": None, "agreement_top1": 0.8})
    before = after.model_copy(update={"agreement_top1": 1.0})
    figures = Figures({"fp32": after}, after, LATENCY, 0.5)
    more = Target(budget=Budget(max_drop=0.2))
    assert not judge(before, figures, TARGET, aim="speed", reference=1).kept
    assert judge(before, figures, more, aim="speed", reference=1).kept


def test_a_budget_that_is_not_met_is_said_with_both_figures():
    (line,) = unmet(measured(1), Budget(latency_ms=5, size_mb=2), 1.0)
    assert "10.0 ms" in line
    assert "5 ms" in line
    (line,) = unmet(measured(1), Budget(latency_ms=10, size_mb=1.5), 1.0)
    assert "2.00 MB" in line
    assert unmet(measured(1), Budget(), 1.0) == []


def test_runs_are_compared_with_their_neighbours_so_that_drift_cancels_out():
    """The machine becomes ten times slower on the way; the models keep their ratio."""
    base = [1.0, 1.0, 2.0, 5.0, 10.0]
    assert paired_ratio([0.5 * value for value in base], base) == pytest.approx(0.5)
