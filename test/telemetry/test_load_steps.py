"""Giving way under load without swinging to and fro."""

from itertools import pairwise

import pytest

from edge_compress.telemetry.load_steps import LoadSteps


def _run(steps, seconds, pressed, start=0):
    """Update once a second and return the steps; `pressed` is a constant or asks the step."""
    seen = []
    for now in range(start, start + seconds):
        is_pressed = pressed(steps.step) if callable(pressed) else pressed
        seen.append(steps.update(now, is_pressed))
    return seen


def test_short_pressure_changes_nothing():
    steps = LoadSteps(3, down_after_s=3, up_after_s=10)
    for start in range(0, 50, 5):
        assert set(_run(steps, 3, True, start)) == {0}
        _run(steps, 2, False, start + 3)


def test_lasting_pressure_goes_down_one_step_after_the_other_to_the_last():
    steps = LoadSteps(3, down_after_s=3, up_after_s=10)
    assert _run(steps, 12, True) == [0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2]


def test_long_calm_comes_back():
    steps = LoadSteps(2, down_after_s=3, up_after_s=10)
    _run(steps, 5, True)
    assert steps.step == 1
    assert _run(steps, 20, False, 5).index(0) == 10


def test_with_one_step_there_is_nowhere_to_go():
    assert set(_run(LoadSteps(1, 1, 1), 20, True)) == {0}


def test_it_comes_back_ever_more_rarely_to_what_is_too_much():
    steps = LoadSteps(2, down_after_s=3, up_after_s=10)
    seen = _run(steps, 1000, lambda step: step == 0)
    returns = [n for n in range(1, 1000) if seen[n - 1 : n + 1] == [1, 0]]
    waits = [b - a for a, b in pairwise(returns)]
    assert waits[0] < waits[1] < waits[2]
    assert max(waits) == pytest.approx(8 * 10 + 4, abs=2)


def test_a_return_that_lasts_makes_it_patient_no_more():
    steps = LoadSteps(2, down_after_s=3, up_after_s=10)
    _run(steps, 300, lambda step: step == 0)
    _run(steps, 200, False, 300)
    assert steps.step == 0
    _run(steps, 5, True, 500)
    assert _run(steps, 20, False, 505).index(0) == 10


def test_a_clock_that_goes_back_starts_the_waiting_anew():
    steps = LoadSteps(2, down_after_s=3, up_after_s=10)
    assert steps.update(1000, True) == 0
    assert steps.update(2, True) == 0
    assert steps.update(6, True) == 1
