"""Percentiles, rates and counts over sliding windows."""

from __future__ import annotations

import numpy as np
import pytest

from edge_compress.telemetry.frames import DROP_CAUSES, FrameCounter
from edge_compress.telemetry.latency import LatencyWindow


def test_percentiles_of_each_step():
    window = LatencyWindow(seconds=10)
    for i in range(101):
        window.add(i * 0.01, {"infer": float(i), "publish": 1.0})
    summary = window.summary()
    assert (summary["infer"].p50, summary["infer"].p90, summary["infer"].p99) == (50, 90, 99)
    assert summary["infer"].count == 101
    assert summary["publish"].p99 == 1.0


def test_old_samples_leave_the_window():
    window = LatencyWindow(seconds=1)
    window.add(0.0, {"infer": 1000.0})
    window.add(0.9, {"infer": 2.0})
    window.add(1.5, {"infer": 4.0})
    assert window.summary()["infer"].p50 == 3.0
    assert window.summary(now_s=2.2)["infer"].count == 1
    assert window.summary(now_s=9.0) == {}


def test_a_step_may_be_missing_from_a_frame():
    window = LatencyWindow()
    window.add(0, {"infer": 1.0})
    window.add(1, {"infer": 3.0, "overlay": 7.0})
    summary = window.summary()
    assert (summary["infer"].count, summary["overlay"].count) == (2, 1)


def test_a_clock_that_jumps_back_empties_the_window():
    window = LatencyWindow()
    window.add(100.0, {"infer": 50.0})
    window.add(3.0, {"infer": 2.0})
    assert window.summary()["infer"].count == 1
    assert window.summary()["infer"].p50 == 2.0


def test_reset_empties_the_window():
    window = LatencyWindow()
    window.add(0, {"infer": 1.0})
    window.reset()
    assert window.summary() == {}


def test_a_step_from_before_a_reset_does_not_come_back():
    window = LatencyWindow()
    window.add(0, {"infer": 1.0, "overlay": 7.0})
    window.reset()
    window.add(1, {"infer": 3.0})
    assert set(window.summary()) == {"infer"}


def test_what_is_given_may_be_changed_afterwards():
    window, steps = LatencyWindow(), {"infer": 1.0}
    window.add(0, steps)
    steps["infer"] = 99.0
    assert window.summary()["infer"].p50 == 1.0


def test_a_window_that_slides_for_long_holds_just_its_frames():
    window = LatencyWindow(seconds=1)
    for i in range(5000):  # 300 a second, with a step that comes late and goes again
        window.add(i / 300, {"infer": float(i)} | ({"overlay": 1.0} if 1000 <= i < 4000 else {}))
        if i in (999, 3999, 4999):
            got = window.samples()
            assert got.values[:, 0].tolist() == list(map(float, range(i - 300, i + 1)))
    assert set(window.summary()) == {"infer"}


@pytest.mark.parametrize("make", [LatencyWindow, FrameCounter])
def test_a_window_must_have_a_length(make):
    with pytest.raises(ValueError, match="`seconds` must be positive, got 0"):
        make(0)


def test_the_input_rate_is_that_of_the_camera():
    counter = FrameCounter(window=5)
    for i in range(301):  # 20 s at 15 fps
        counter.on_received(i / 15)
        if i % 3 == 0:
            counter.on_processed(i / 15)
    assert counter.received == 301
    assert counter.input_rate(20.0) == pytest.approx(15, rel=0.03)
    assert counter.processed_rate(20.0) == pytest.approx(5, rel=0.05)


def test_the_rate_is_right_before_the_window_is_full():
    counter = FrameCounter(window=10)
    for i in range(16):
        counter.on_received(i / 15)
    assert counter.input_rate(1.0) == pytest.approx(15)


def test_the_rate_falls_to_zero_when_the_camera_stops():
    counter = FrameCounter(window=2)
    for i in range(60):
        counter.on_received(i / 15)
    assert counter.input_rate(100.0) == 0.0
    assert counter.received == 60


@pytest.mark.parametrize("forgotten", [True, False])
def test_a_rate_begins_anew_after_a_pause(forgotten):
    counter = FrameCounter(window=10)
    for i in range(450):
        counter.on_received(i / 15)
    if forgotten:  # somebody has looked meanwhile
        assert counter.input_rate(100.0) == 0.0
    for i in range(16):
        counter.on_received(500 + i / 15)
    assert counter.input_rate(501.0) == pytest.approx(15)


def test_a_source_slower_than_the_window_has_the_rate_of_its_gaps():
    counter = FrameCounter(window=5)
    for i in range(4):
        counter.on_received(i * 8.0)
    assert counter.input_rate(24.0) == counter.input_rate(28.0) == pytest.approx(1 / 8)
    assert counter.input_rate(29.0) == 0.0


def test_rates_that_are_restarted_know_nothing_from_before():
    counter = FrameCounter(window=10)
    for i in range(100):
        counter.on_received(i / 15)
        counter.on_processed(i / 15)
    counter.restart_rates()
    assert counter.input_rate(8.0) == counter.processed_rate(8.0) == 0.0
    counter.on_received(50.0)
    assert counter.input_rate(51.0) == 0.0
    assert (counter.received, counter.processed) == (101, 100)


def test_one_frame_is_no_rate():
    counter = FrameCounter()
    assert counter.input_rate(0.0) == 0.0
    counter.on_received(5.0)
    assert counter.input_rate(5.0) == 0.0


def test_the_rate_survives_a_clock_that_jumps_back():
    counter = FrameCounter(window=10)
    for i in range(15):
        counter.on_received(1000 + i / 15)
    for i in range(16):
        counter.on_received(i / 15)
    assert counter.input_rate(1.0) == pytest.approx(15)


def test_drops_are_counted_by_cause():
    counter = FrameCounter()
    assert counter.dropped == dict.fromkeys(DROP_CAUSES, 0)
    counter.on_dropped("overwritten")
    counter.on_dropped("transport", 7)
    counter.on_dropped("overwritten")
    none = {"unreadable": 0, "deadline": 0, "rate_limit": 0}
    assert counter.dropped == {"overwritten": 2, "transport": 7, **none}
    assert tuple(counter.dropped) == DROP_CAUSES


def test_random_samples_have_the_percentiles_of_numpy():
    values = np.random.default_rng(1).random(500)
    window = LatencyWindow(seconds=1000)
    for i, value in enumerate(values):
        window.add(float(i), {"infer": float(value)})
    got = window.summary()["infer"]
    np.testing.assert_allclose([got.p50, got.p90, got.p99], np.percentile(values, (50, 90, 99)))
