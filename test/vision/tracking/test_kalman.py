"""Where a box is, and where it will be."""

from __future__ import annotations

import numpy as np
import pytest

from edge_compress.vision.tracking.kalman import BoxFilters

BOX = np.array([[100, 200, 140, 300]], np.float32)
FIRST = np.array([0])


def moved(seconds, speed=(60.0, -30.0)):
    return BOX + np.float32(seconds) * np.array([*speed, *speed], np.float32)


def test_a_new_box_stays_where_it_was_seen():
    filters = BoxFilters()
    filters.add(BOX)
    filters.predict(0.5)
    np.testing.assert_allclose(filters.boxes, BOX, atol=1e-4)


@pytest.mark.parametrize("times", [np.arange(0.1, 2, 0.1), [0.05, 0.3, 0.4, 0.9, 1.0, 1.5, 1.9]])
def test_a_velocity_is_learnt_whenever_the_frames_come(times):
    filters = BoxFilters()
    filters.add(BOX)
    now = 0.0
    for time in times:
        filters.predict(time - now)
        filters.update(FIRST, moved(time))
        now = time
    np.testing.assert_allclose(filters.velocities[0], [60, -30, 0, 0], atol=2)
    filters.predict(1.0)
    np.testing.assert_allclose(filters.boxes, moved(now + 1.0), atol=4)


def test_two_short_steps_are_one_long_step():
    one, two = BoxFilters(), BoxFilters()
    for filters in (one, two):
        filters.add(BOX)
        filters.predict(0.1)
        filters.update(FIRST, moved(0.1))
    one.predict(0.6)
    two.predict(0.2)
    two.predict(0.4)
    for filters in (one, two):
        filters.update(FIRST, moved(1.0))
    np.testing.assert_allclose(one.values, two.values, rtol=1e-9)
    np.testing.assert_allclose(one.velocities, two.velocities, rtol=1e-9)


def test_it_agrees_with_the_textbook():
    # The same in matrices, for the centre's x.
    filters = BoxFilters()
    filters.add(BOX)
    x, p = np.array([120.0, 0.0]), np.diag([(0.05 * 40) ** 2, (2.0 * 40) ** 2])
    for dt, seen in ((0.1, 125.0), (0.4, 150.0), (0.05, 149.0)):
        f = np.array([[1, dt], [0, 1]])
        noise = (1.0 * 40) ** 2 * np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
        x, p = f @ x, f @ p @ f.T + noise
        gain = p[:, 0] / (p[0, 0] + (0.05 * 40) ** 2)
        x, p = x + gain * (seen - x[0]), p - np.outer(gain, p[0])
        filters.predict(dt)
        filters.update(FIRST, np.array([[seen - 20, 200, seen + 20, 300]], np.float32))
    assert filters.values[0, 0] == pytest.approx(x[0])
    assert filters.velocities[0, 0] == pytest.approx(x[1])


def test_boxes_do_not_disturb_each_other():
    alone, together = BoxFilters(), BoxFilters()
    alone.add(BOX)
    together.add(np.concatenate([BOX + 500, BOX]))
    for step in range(1, 5):
        alone.predict(0.1)
        together.predict(0.1)
        alone.update(FIRST, moved(step / 10))
        together.update(np.array([1]), moved(step / 10))
    together.keep(np.array([False, True]))
    np.testing.assert_allclose(together.values, alone.values)


def test_a_size_is_never_negative():
    filters = BoxFilters()
    filters.add(BOX)
    for height in (80, 40, 10, 1, 0, 0):
        filters.predict(0.1)
        filters.update(FIRST, np.array([[100, 200, 140, 200 + height]], np.float32))
    filters.predict(60.0)
    assert (filters.values[:, 2:] > 0).all()
    assert np.isfinite(filters.boxes).all()
