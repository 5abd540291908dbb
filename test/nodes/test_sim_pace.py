"""How sim time goes, from the wall's time and from which frames are ready."""

import pytest

from edge_compress.nodes.sim_pace import SimPace

FRAME_NS = 100_000_000


def test_time_goes_as_fast_as_asked_and_not_past_the_next_frame():
    pace = SimPace(2.0, now_s=50.0)
    assert pace.time_ns(50.0, FRAME_NS, ready=True) == 0
    assert pace.time_ns(50.02, FRAME_NS, ready=True) == pytest.approx(40_000_000)
    assert pace.time_ns(50.06, FRAME_NS, ready=True) == FRAME_NS
    assert pace.late == 0


def test_a_tick_that_comes_late_is_made_up_for():
    pace = SimPace(1.0, now_s=0.0)
    assert pace.time_ns(0.13, FRAME_NS, ready=True) == FRAME_NS
    assert pace.time_ns(0.2, 2 * FRAME_NS, ready=True) == 2 * FRAME_NS
    assert pace.late == 0


def test_a_frame_that_is_late_makes_all_that_follows_later():
    pace = SimPace(1.0, now_s=0.0)
    for now in (0.1, 0.2, 0.3):
        assert pace.time_ns(now, FRAME_NS, ready=False) == FRAME_NS
    assert pace.time_ns(0.34, FRAME_NS, ready=True) == FRAME_NS
    assert pace.late == 1
    assert pace.time_ns(0.35, 2 * FRAME_NS, ready=True) == pytest.approx(110_000_000)
    assert pace.time_ns(0.44, 2 * FRAME_NS, ready=True) == 2 * FRAME_NS


def test_as_fast_as_it_can_time_is_that_of_the_frame():
    pace = SimPace(0.0, now_s=0.0)
    assert pace.time_ns(9.0, FRAME_NS, ready=False) == 0  # which is no step back: see the node
    assert pace.time_ns(9.0, FRAME_NS, ready=True) == FRAME_NS
