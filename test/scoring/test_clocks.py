"""Whether both sides have the same clock, and what is said when not."""

from __future__ import annotations

import pytest

from edge_compress.scoring.clocks import Clocks

S = 1_000_000_000


def watch(truth, found, tolerance=0.005):
    clocks = Clocks(tolerance)
    for stamp in truth:
        clocks.see_truth(round(stamp * S))
    for stamp in found:
        clocks.see_found(round(stamp * S))
    return clocks


FLIGHT = [number / 10 for number in range(100)]


def test_sim_time_beside_wall_time_is_told_with_both():
    clocks = watch(FLIGHT, [1.79e9 + stamp for stamp in FLIGHT])
    told = clocks.problem()
    assert "clocks differ by 1790000000 s" in told or "clocks differ by 1789999995 s" in told
    assert "use_sim_time:=true" in told
    assert "of detections are about 1790000010 s, those of ground truth 10 s" in told
    reverse = watch([1.79e9 + stamp for stamp in FLIGHT], FLIGHT).problem()
    assert "of ground truth are about 1790000010 s, those of detections 10 s" in reverse


def test_a_constant_difference_is_told_with_how_much():
    told = watch(FLIGHT, [stamp + 0.03 for stamp in FLIGHT]).problem()
    assert "+0.030 s" in told
    assert "`tolerance_s` is 0.005" in told
    assert "synchronize" in told


def test_stamps_of_another_moment_are_told_apart_from_a_clock():
    moments = [stamp + 0.01 + 0.04 * (number % 2) for number, stamp in enumerate(FLIGHT)]
    assert "unchanged" in watch(FLIGHT, moments).problem()


def test_detections_without_stamps_are_told():
    assert "none at all" in watch([stamp + 1 for stamp in FLIGHT], [0] * 20).problem()


def test_going_back_is_counted_and_out_of_order_is_not():
    assert watch([1, 2, 1.9, 3, 0, 0.1, 5, 4.5, 0], []).jumps == 2


def test_a_few_messages_tell_nothing_yet():
    late = [stamp + 0.03 for stamp in FLIGHT]
    assert not watch(FLIGHT[:9], late).apart
    assert watch(FLIGHT[:10], late).apart
    assert not watch(FLIGHT, FLIGHT).apart
    assert watch(FLIGHT, []).offset_s() is None
    assert watch(FLIGHT, FLIGHT).offset_s() == pytest.approx(0)
