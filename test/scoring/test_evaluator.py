"""From messages to a verdict."""

from __future__ import annotations

import pytest

from edge_compress.scoring.evaluator import Evaluator
from edge_compress.scoring.judge import EXIT_CODES, evaluate, summary
from edge_compress.scoring.settings import Limits, Settings

SOURCE = {"detections": "/detections", "ground_truth": "/ground_truth"}
CAT = ("cat", 0.9, 10, 10, 50, 50)


class Flight:
    """Feeds an evaluator at 10 frames a second; detections come 50 ms after their stamp."""

    def __init__(self, make_message, **settings):
        self.evaluator = Evaluator(Settings(**settings))
        self._message = make_message

    def truth(self, stamp, *boxes):
        self.evaluator.add_truth(self._message(stamp, boxes), arrived_s=stamp + 0.01)

    def found(self, stamp, *boxes, late=0.05, clock=0.0):
        self.evaluator.add_found(
            self._message(stamp + clock, boxes), stamp + late, round((stamp + late) * 1e9)
        )

    def both(self, stamp, truth, found):
        self.truth(stamp, *truth)
        self.found(stamp, *found)

    def end(self, at, **limits):
        self.evaluator.finish(at)
        return evaluate(self.evaluator, Limits(**limits), SOURCE)


@pytest.fixture
def flight(make_message):
    return lambda **settings: Flight(make_message, **settings)


def test_a_good_flight_passes_what_is_asked(flight):
    good = flight()
    for number in range(30):
        good.both(number / 10, [CAT], [CAT])
        good.evaluator.settle(number / 10)
    result = good.end(
        3, min_recall=0.9, min_precision=0.9, min_ap50=0.9, min_ap=0.9,
        max_latency_p99_ms=60, max_drop_share=0.01, min_frames=30,
    )  # fmt: skip
    assert result.verdict == "passed"
    assert len(result.checks) == 6
    assert all(check.met for check in result.checks)
    assert (result.accuracy.found, result.accuracy.ap) == (30, 1.0)
    assert result.latency.stamp_to_arrival.p99_ms == pytest.approx(50, abs=0.1)
    assert result.latency.after_truth.p50_ms == pytest.approx(40, abs=0.1)
    assert result.sizes["medium"].found == 30
    assert "recall 1.000" in summary(result)
    assert result.remarks == ()


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        ({"min_recall": 0.9}, "recall is 0.5, at least 0.9 was asked"),
        ({"min_precision": 0.9}, "precision is 0.5, at least 0.9 was asked"),
        ({"min_ap50": 0.9}, "ap50 is"),
        ({"min_ap": 0.9}, "ap is"),
        ({"max_latency_p99_ms": 20}, "latency_p99_ms is 50, at most 20 was asked"),
        ({"max_drop_share": 0.1}, "drop_share is 0.3333, at most 0.1 was asked"),
    ],
)
def test_what_is_not_met_is_told_in_one_line_with_figures(flight, limit, told):
    poor = flight()
    for number in range(20):
        poor.both(number / 10, [CAT], [CAT if number % 2 else ("cat", 0.5, 300, 10, 50, 50)])
    for number in range(10):
        poor.truth(number / 10 + 0.05, CAT)  # in between: nobody answers
    result = poor.end(20, **limit)
    assert result.verdict == "failed"
    assert EXIT_CODES[result.verdict] == 1
    assert told in summary(result)
    assert "\n" not in summary(result)


def test_a_frame_without_detections_is_a_drop_and_no_miss(flight):
    some = flight()
    for number in range(10):
        some.truth(number / 10, CAT)
        if number not in (3, 4):
            some.found(number / 10, CAT)
    result = some.end(60)
    assert (result.frames.scored, result.frames.dropped) == (8, 2)
    assert result.frames.drop_share == 0.2
    assert result.accuracy.missed == 0


def test_what_is_before_the_detector_or_on_the_way_at_the_end_is_no_drop(flight):
    some = flight()
    for number in range(10):
        some.truth(number / 10, CAT)
        if 2 <= number < 9:
            some.found(number / 10, CAT)
    result = some.end(0.93)  # the last came 20 ms ago, and detections take 40 ms
    frames = result.frames
    assert (frames.before_detector, frames.scored, frames.dropped, frames.in_flight) == (2, 7, 0, 1)
    assert "before the first detections, not counted as dropped: 2" in result.remarks[0]


def test_what_was_left_out_is_no_more_on_its_way(flight):
    some = flight()
    for number in range(10):
        some.truth(number / 10, CAT)
        if number != 8:
            some.found(number / 10, CAT, late=0.6 if not number else 0.05)
    frames = some.end(0.96).frames  # less than the longest time after the eighth
    assert (frames.dropped, frames.in_flight) == (1, 0)


def test_a_detector_that_stops_is_told_by_its_drops(flight):
    some = flight()
    for number in range(100):
        some.truth(number / 10, CAT)
        if number < 10:
            some.found(number / 10, CAT)
    result = some.end(10, max_drop_share=0.5)
    assert (result.frames.dropped, result.verdict) == (90, "failed")


def test_detections_without_ground_truth_are_counted_and_not_scored(flight):
    some = flight()
    for number in range(30):
        some.found(number / 10, CAT, CAT)
        if not number % 3:
            some.truth(number / 10, CAT)
    result = some.end(3)
    assert (result.frames.scored, result.frames.without_truth) == (10, 20)
    assert result.accuracy.false == 10
    assert result.frames.dropped == 0
    assert result.remarks == ()  # not each image need be labelled


def test_stamps_that_match_by_chance_are_told(flight):
    some = flight()
    for number in range(100):
        some.truth(number / 10, CAT)
        some.found(number / 10 + (0.03 if number % 10 else 0), CAT)
    (told,) = some.end(60).remarks
    assert "most detections are +0.030 s from the nearest ground truth" in told


def test_an_empty_frame_of_truth_counts(flight):
    some = flight()
    some.both(0, [], [CAT])
    result = some.end(1, min_precision=0.5)
    assert result.accuracy.false == 1
    assert result.verdict == "failed"


def test_where_nothing_is_and_nothing_is_seen_precision_has_done_no_wrong(flight):
    some = flight()
    some.both(0, [], [])
    assert some.end(1, min_precision=0.5).verdict == "passed"
    result = some.end(1, min_recall=0.5)
    assert result.verdict == "not evaluated"
    assert "no object to find" in summary(result)


def test_a_detector_that_sees_nothing_fails(flight):
    some = flight()
    some.both(0, [CAT], [])
    assert some.end(1, min_recall=0.5).verdict == "failed"
    assert some.end(1, min_precision=0.5).verdict == "failed"


@pytest.mark.parametrize(
    ("truth", "found", "told"),
    [
        (0, 0, "no ground truth came on /ground_truth"),
        (0, 5, "no ground truth came on /ground_truth"),
        (5, 0, "no detections came on /detections"),
        (3, 3, "only 3 frames were scored, and `min_frames` is 4"),
    ],
)
def test_what_is_missing_is_told(flight, truth, found, told):
    some = flight()
    for number in range(truth):
        some.truth(number, CAT)
    for number in range(found):
        some.found(number, CAT)
    result = some.end(10, min_frames=4, min_recall=0.5)
    assert EXIT_CODES[result.verdict] == 2
    assert told in summary(result)


def test_clocks_that_differ_are_told_live_and_at_the_end(flight):
    some = flight()
    for number in range(10):
        some.both(number, [CAT], [])
    apart = flight()
    for number in range(10):
        apart.truth(number, CAT)
        apart.found(number, CAT, clock=1e9)
    live = evaluate(apart.evaluator, Limits(), SOURCE, final=False)
    assert "clocks differ by" in live.problems[0]
    result = apart.end(100)
    assert "clocks differ by" in summary(result)
    assert result.latency.stamp_to_arrival is None
    assert result.latency.unknown == 10
    assert evaluate(some.evaluator, Limits(), SOURCE, final=False).problems == ()


def test_other_class_names_are_told_live_and_at_the_end_and_can_be_mapped(flight):
    for settings, verdict in [({}, "not evaluated"), ({"class_map": {"16": "cat"}}, "passed")]:
        some = flight(**settings)
        for number in range(20):
            some.both(number, [("16", 1, 10, 10, 50, 50)], [CAT])
            some.evaluator.settle(number)
        live = evaluate(some.evaluator, Limits(), SOURCE, final=False)
        result = some.end(100, min_recall=0.9)
        assert result.verdict == verdict
        if not settings:
            assert "no class in common: ground truth has '16', the detector 'cat'" in summary(
                result
            )
            assert live.problems == result.problems


def test_what_classes_the_detector_has_tells_a_blind_one_from_other_names(flight):
    some = flight()
    some.both(0, [CAT], [("dog", 0.9, 10, 10, 50, 50)])
    some.evaluator.know_classes(["dog", "cat"])
    result = some.end(1, min_recall=0.5)
    assert result.verdict == "failed"


def test_a_class_that_is_mapped_to_nothing_is_ignored_with_what_is_seen_there(flight):
    some = flight(class_map={"drone": ""})
    some.both(0, [("drone", 1, 200, 200, 50, 50), CAT], [CAT, ("bird", 0.9, 201, 200, 50, 50)])
    result = some.end(1)
    assert (result.accuracy.found, result.accuracy.missed, result.accuracy.false) == (1, 0, 0)
    assert result.frames.ignored_objects == 1


def test_only_the_classes_that_are_asked_for_are_scored(flight):
    dog = ("dog", 0.9, 200, 200, 50, 50)
    some = flight(classes=("cat",))
    some.both(0, [CAT, dog], [CAT, ("fox", 0.9, 0, 0, 9, 9)])
    result = some.end(1, min_recall=1)
    assert result.verdict == "passed"
    assert list(result.classes) == ["cat"]
    none = flight(classes=("catt",))
    none.both(0, [CAT], [CAT])
    assert "none of `classes` ('catt') is in ground truth, which has 'cat'" in summary(none.end(1))


def test_latency_that_cannot_be_known_cannot_be_judged(flight):
    some = flight()
    some.truth(0, CAT)
    some.found(0, CAT, late=-5)  # the node's clock is behind
    result = some.end(1, max_latency_p99_ms=50)
    assert result.verdict == "not evaluated"
    assert "different clocks" in summary(result)


def test_a_simulation_that_begins_again_goes_on_being_scored(flight):
    some = flight()
    for begin in (0, 100, 200):  # of arrival; stamps go from 0 to 2 s each time
        for number in range(20):
            stamp = number / 10
            some.evaluator.add_truth(some._message(stamp, [CAT]), begin + stamp)
            some.evaluator.add_found(some._message(stamp, [CAT]), begin + stamp, 0)
            some.evaluator.settle(begin + stamp)
    result = some.end(300, min_recall=0.9)
    assert (result.frames.scored, result.frames.clock_jumps) == (60, 2)
    assert result.verdict == "passed"
    assert "went back: 2" in result.remarks[0]


def test_a_trouble_of_the_bag_leaves_the_figures_but_no_verdict(flight):
    some = flight()
    some.both(0, [CAT], [CAT])
    some.evaluator.finish(1)
    result = evaluate(some.evaluator, Limits(), SOURCE, ["flight.mcap is cut off"])
    assert result.accuracy.recall == 1
    assert (result.verdict, summary(result)) == (
        "not evaluated", "not evaluated: flight.mcap is cut off",
    )  # fmt: skip


def test_live_curves_are_not_computed_more_often_than_they_are_worth(flight, monkeypatch):
    some = flight()
    calls = []
    clock = iter([0.0, 1.0, 2.0, 20.9, 21.1, 22.1, 99.0])  # each takes one second
    monkeypatch.setattr("edge_compress.scoring.evaluator.time.monotonic", lambda: next(clock))
    monkeypatch.setattr(some.evaluator.tally, "curves", lambda: calls.append(1))
    computed = []
    for number in range(5):
        if number < 4:  # nothing new comes before the last look
            some.both(number, [CAT], [CAT])
            some.evaluator.settle(number)
        some.evaluator.curves(now=False)
        computed.append(len(calls))
    assert computed == [1, 1, 1, 2, 2]
