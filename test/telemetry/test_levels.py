"""What an operator is told of the figures, and that it does not flicker."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_compress.telemetry.hysteresis import Hold, Limit
from edge_compress.telemetry.levels import Figures, Judge, Level, Verdict, worst
from edge_compress.telemetry.thresholds import ThresholdError, Thresholds

OK, WARN, ERROR, STALE = Level.OK, Level.WARN, Level.ERROR, Level.STALE


def levels(thresholds, figures, period=1.0):
    """The level of each of these figures, one a second."""
    judge = Judge(Thresholds(**thresholds))
    judged = [judge.judge(i * period, Figures(**f)) for i, f in enumerate(figures)]
    return [worst(verdict.level for verdict in verdicts) for verdicts in judged]


def latencies(*values):
    return [{"latency_ms": value} for value in values]


def test_levels_are_those_of_ros():
    assert [level.value for level in (OK, WARN, ERROR, STALE)] == [0, 1, 2, 3]


def test_what_is_not_known_is_not_judged():
    assert Judge().judge(0.0, Figures()) == []
    assert worst([]) == OK


def test_latency_rises_at_once_and_falls_by_a_margin():
    by = {"latency_warn_ms": 50, "latency_error_ms": 100}
    seen = levels(by, latencies(50, 51, 46, 51, 44, 120, 95, 89, 40))
    #                              within 10 %: still; below it: gone
    assert seen == [OK, WARN, WARN, WARN, OK, ERROR, ERROR, WARN, OK]


def test_a_rate_is_judged_from_below():
    by = {"rate_warn_hz": 10, "rate_error_hz": 5}
    seen = levels(by, [{"rate_hz": hz} for hz in (10, 9.9, 10.5, 11.5, 4, 5.2, 6, 12)])
    assert seen == [OK, WARN, WARN, OK, ERROR, ERROR, WARN, OK]


def test_the_hottest_zone_is_judged_and_named():
    judge = Judge()
    (verdict,) = judge.judge(0.0, Figures(celsius={"cpu": 60.0, "gpu": 88.0}))
    assert verdict == Verdict("temperature", WARN, "88.0 °C in gpu (limit 85)")
    (verdict,) = judge.judge(1.0, Figures(celsius={"cpu": 96.5, "gpu": 80.0}))
    assert verdict == Verdict("temperature", ERROR, "96.5 °C in cpu (limit 95)")
    (verdict,) = judge.judge(2.0, Figures(celsius={"cpu": 83.0}))
    assert verdict.level == WARN  # 85 less the 3 of the margin is not reached yet
    (verdict,) = judge.judge(3.0, Figures(celsius={"cpu": 81.0}))
    assert verdict == Verdict("temperature", OK, "81.0 °C in cpu")


def test_throttling_stays_in_sight_for_a_while():
    judge = Judge(Thresholds(hold_s=10))
    hot = Figures(throttled=("under-voltage",))
    cool = Figures(throttled=())
    assert judge.judge(0, cool) == [Verdict("throttling", OK, "not held back")]
    assert judge.judge(1, hot) == [Verdict("throttling", WARN, "held back: under-voltage")]
    message = "was held back in the last 10 s: under-voltage"
    assert judge.judge(10.9, cool) == [Verdict("throttling", WARN, message)]
    assert judge.judge(11, cool)[0].level == OK


def test_throttling_may_be_an_error_or_nothing():
    hot = [{"throttled": ("heat",)}]
    assert levels({"throttling": "error"}, hot) == [ERROR]
    assert levels({"throttling": "ignore"}, hot) == [OK]


def test_no_input_makes_the_other_figures_stale():
    by = {"stale_s": 5, "rate_warn_hz": 10, "latency_warn_ms": 50}
    judge = Judge(Thresholds(**by))
    slow = {"rate_hz": 1.0, "latency_ms": 80.0}
    names = [v.name for v in judge.judge(0, Figures(input_age_s=4.9, **slow))]
    assert names == ["input", "rate", "latency"]
    (verdict,) = judge.judge(1, Figures(input_age_s=5.0, **slow))
    assert verdict == Verdict("input", STALE, "no input for 5 s (limit 5 s)")
    # What comes after the gap is judged anew: 47 ms is no longer "not far enough back".
    assert levels(
        by,
        [
            {"input_age_s": 0, "latency_ms": 60},
            {"input_age_s": 9, "latency_ms": 60},
            {"input_age_s": 0, "latency_ms": 47},
        ],
    ) == [WARN, STALE, OK]


def test_heat_is_judged_without_input_too():
    by = {"stale_s": 5}
    assert levels(by, [{"input_age_s": 60, "celsius": {"cpu": 99.0}}]) == [ERROR]


def test_a_limit_of_0_is_not_watched():
    by = dict.fromkeys(("temperature_warn_c", "temperature_error_c", "stale_s"), 0)
    assert Judge(Thresholds(**by)).judge(0, Figures(celsius={"cpu": 120.0}, input_age_s=1e6)) == []


def test_an_error_alone_can_be_watched():
    assert levels({"latency_error_ms": 100}, latencies(99, 101)) == [OK, ERROR]


def test_the_worst_of_all():
    def of(*given):
        return worst(given)

    assert of(OK, WARN, STALE) == STALE
    assert of(STALE, ERROR, WARN) == ERROR
    assert of(OK, WARN) == WARN


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"latency_warn_ms": -1}, "`latency_warn_ms` must be 0 or more, got -1"),
        ({"hold_s": float("nan")}, "`hold_s` must be 0 or more, got nan"),
        ({"margin": 1.0}, "`margin` must be less than 1, got 1"),
        ({"latency_warn_ms": 50, "latency_error_ms": 20}, "make `latency_error_ms` larger"),
        ({"temperature_warn_c": 99}, "make `temperature_error_c` larger"),
        ({"rate_warn_hz": 5, "rate_error_hz": 10}, "make `rate_error_hz` smaller"),
    ],
)
def test_thresholds_that_make_no_sense_are_refused(given, message):
    with pytest.raises(ThresholdError, match=message):
        Thresholds(**given)


@given(st.lists(st.integers(0, 200), min_size=2), st.integers(1, 100), st.integers(1, 20))
def test_a_limit_turns_only_for_a_move_of_its_margin(figures, limit, margin):
    one = Limit(limit, margin)
    answers = [one.beyond(figure) for figure in figures]
    for figure, beyond in zip(figures, answers, strict=True):
        assert beyond or figure <= limit
        assert not beyond or figure > limit - margin
    turns = [i for i in range(1, len(answers)) if answers[i] != answers[i - 1]]
    # Between two turns the figure crossed all of the margin.
    for i in turns:
        assert figures[i] > limit if answers[i] else figures[i] <= limit - margin


def test_a_clock_that_jumps_back_ends_the_waiting():
    hold = Hold(10)
    assert hold.seen(100.0, now=True)
    assert not hold.seen(3.0, now=False)


def test_to_hold_for_0_seconds_is_not_at_all():
    hold = Hold(0)
    assert hold.seen(1.0, now=True)
    assert not hold.seen(1.0, now=False)
