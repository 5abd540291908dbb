"""A flight: the same one for the same seed, another one for another."""

from itertools import islice
from math import cos, pi, sin

import numpy as np
import pytest

from edge_compress.simulation.sdf_world import read_world

pytestmark = pytest.mark.usefixtures("opengl")


@pytest.fixture
def fly(write_world, panel):
    """Return a function that flies a circle past a panel and returns some frames."""

    def fly(seed, count=3, noise=0.02, start=0, **settings):
        from edge_compress.simulation.camera import SimulatedCamera

        others = [  # around the circle, whose centre is 10 m behind
            panel(f"p{n}", f"{16 * cos(n) - 10} {16 * sin(n)} 0 0 0 {n + pi}", color=f".{n} .5 0 1")
            for n in range(1, 6)
        ]
        file = write_world(
            panel("p", "6 0 0", label=7),
            *others,
            linear="0 0.5 0",
            angular="0 0 0.05",
            size=(160, 120),
            noise=noise,
        )
        camera = SimulatedCamera(read_world(file), "drone", seed=seed, **settings)
        return list(islice(camera.frames(), start, start + count))

    return fly


def test_the_same_seed_gives_the_same_bytes(fly):
    for one, other in zip(fly(3), fly(3), strict=True):
        assert one.time_ns == other.time_ns
        assert one.image.tobytes() == other.image.tobytes()
        assert one.boxes == other.boxes


def test_another_seed_gives_another_noise_and_another_place(fly):
    assert fly(1)[0].image.tobytes() != fly(2)[0].image.tobytes()
    quiet = [fly(seed, noise=0)[0].image.tobytes() for seed in (0, 1, 2)]
    assert len(set(quiet)) == 3


def test_seed_0_begins_where_the_world_says(fly):
    frames = fly(0, count=40)
    centres = [(f.boxes[0].x1 + f.boxes[0].x2) / 2 for f in frames]
    assert abs(centres[0] - 80) < 3
    assert centres == sorted(centres)  # the drone goes to the left, the panel to the right
    assert centres[-1] > 90


def test_noise_has_the_deviation_of_the_world_and_is_new_in_each_frame(fly):
    first, second = (frame.image.astype(int) for frame in fly(0, count=2, noise=0.02))
    clean = fly(0, count=1, noise=0)[0].image.astype(int)
    sky = (slice(0, 30), slice(0, 160))
    assert (first - clean)[sky].std() == pytest.approx(0.02 * 255, rel=0.05)
    assert abs((first - clean)[sky].mean()) < 0.3
    assert (first[sky] != second[sky]).any()
    difference = (first - clean)[sky]
    assert (difference[..., 0] == difference[..., 1]).all()  # an amplifier's, not a colour's


def test_time_goes_by_the_rate(fly):
    assert [frame.time_ns for frame in fly(0)] == [100_000_000, 200_000_000, 300_000_000]
    assert [f.time_ns for f in fly(0, rate=30.0)] == [33_333_333, 66_666_667, 100_000_000]


@pytest.mark.parametrize(("duration", "count"), [(0.3, 3), (0.35, 3), (0.05, 0)])
def test_a_flight_ends_after_its_duration(write_world, duration, count):
    from edge_compress.simulation.camera import SimulatedCamera

    camera = SimulatedCamera(read_world(write_world(size=(32, 24))), "drone")
    assert len(list(camera.frames(duration))) == count


def test_flights_may_follow_each_other_in_one_process(fly):
    assert all(len(fly(seed, count=1)) == 1 for seed in range(4))
    assert isinstance(fly(1)[0].image, np.ndarray)


def test_a_flight_that_is_given_up_frees_what_it_holds(write_world, monkeypatch):
    from edge_compress.simulation import camera as module

    closed = []

    class Watched(module.SceneRenderer):
        def close(self):
            super().close()
            closed.append(self)

    monkeypatch.setattr(module, "SceneRenderer", Watched)
    frames = module.SimulatedCamera(read_world(write_world(size=(32, 24))), "drone").frames()
    next(frames)
    assert closed == []
    frames.close()
    assert len(closed) == 1
