"""Poses, and the circle of a body whose own velocity is constant."""

import math

import numpy as np
import pytest

from edge_compress.simulation.pose import Pose, Twist


def test_rotations_are_about_fixed_axes_in_the_order_x_y_z():
    pose = Pose.from_rpy(1, 2, 3, 0, 0, math.pi / 2)
    assert np.allclose(pose.rotation @ [1, 0, 0], [0, 1, 0])  # yaw: ahead becomes left
    assert np.allclose(Pose.from_rpy(0, 0, 0, 0, math.pi / 2, 0).rotation @ [1, 0, 0], [0, 0, -1])
    both = Pose.from_rpy(0, 0, 0, math.pi / 2, 0, math.pi / 2)
    assert np.allclose(both.rotation @ [0, 1, 0], [0, 0, 1])  # first roll: left becomes up
    assert np.allclose((pose @ Pose.from_rpy(1, 0, 0, 0, 0, 0)).position, [1, 3, 3])


@pytest.mark.parametrize(
    ("linear", "angular"),
    [
        ((1.0, 0.0, 0.0), (0.0, 0.0, 0.2)),
        ((0.3, -0.6, 0.1), (0.0, 0.0, -0.5)),
        ((0.5, 0.2, 0.0), (0.1, 0.2, 0.3)),
        ((1.0, 2.0, 3.0), (0.0, 0.0, 0.0)),
    ],
)
def test_the_closed_form_agrees_with_steps_of_a_simulator(linear, angular):
    start = Pose.from_rpy(1, -2, 3, 0.1, 0.2, 2.0)
    twist = Twist(linear, angular)
    steps, seconds = 20_000, 10.0
    step = seconds / steps
    x, y, z = np.array(angular) * step
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    position, rotation = start.position.copy(), start.rotation.copy()
    for _ in range(steps):  # the midpoint rule, of second order
        half = rotation @ (np.eye(3) + cross / 2)
        position += half @ np.array(linear) * step
        rotation = rotation @ (np.eye(3) + cross + cross @ cross / 2)
    moved = twist.moved(start, seconds)
    assert np.allclose(moved.position, position, atol=1e-4)
    assert np.allclose(moved.rotation, rotation, atol=1e-4)


def test_a_circle_ends_where_it_began_and_has_the_radius_of_speed_over_rate():
    twist = Twist((1.0, 0.0, 0.0), (0.0, 0.0, 0.25))
    start = Pose.from_rpy(4, 0, 2, 0, 0, math.pi / 2)  # the centre is the origin
    assert twist.period_s == pytest.approx(2 * math.pi / 0.25)
    assert np.allclose(twist.moved(start, twist.period_s).position, start.position)
    for seconds in (0.0, 3.0, 11.0):
        there = twist.moved(start, seconds)
        assert np.hypot(*there.position[:2]) == pytest.approx(4)
        assert there.position[2] == pytest.approx(2)
        assert np.dot(there.rotation[:, 0], there.position) == pytest.approx(0, abs=1e-9)


def test_what_goes_straight_on_has_no_period():
    assert Twist((1.0, 0.0, 0.0), (0.0, 0.0, 0.0)).period_s is None
