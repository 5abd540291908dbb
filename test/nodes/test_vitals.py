"""What is counted and judged of one camera."""

import pytest

from edge_compress.nodes.vitals import CameraVitals
from edge_compress.telemetry.frames import DROP_CAUSES
from edge_compress.telemetry.levels import Level
from edge_compress.telemetry.thresholds import Thresholds


class Camera:
    """A camera whose frames come when the test says so."""

    def __init__(self, window_s=10.0, **thresholds):
        self.now = 100.0
        self.vitals = CameraVitals(window_s, Thresholds(**thresholds), clock=lambda: self.now)
        self.vitals.on_subscribed()

    def run(self, seconds, hz, latency_ms=20.0, every=1):
        """Let frames come for some seconds; every so many is processed, the others are dropped."""
        for number in range(round(seconds * hz)):
            self.now += 1 / hz
            self.vitals.on_received()
            if number % every == 0:
                self.vitals.on_processed({"stamp_to_publish": latency_ms}, detections=2)
            else:
                self.vitals.on_dropped("overwritten")

    def levels(self):
        return {verdict.name: verdict.level for verdict in self.verdicts()}

    def verdicts(self):
        return self.vitals.verdicts(self.vitals.latency())


def test_every_frame_is_accounted_for():
    camera = Camera()
    camera.run(4, hz=10, every=2)
    camera.vitals.on_dropped("transport", 3)
    camera.vitals.on_unreadable("no such encoding: rgb7")
    figures = camera.vitals.frames()
    assert (figures.received, figures.processed, figures.detections) == (40, 20, 40)
    none = dict.fromkeys(DROP_CAUSES, 0)
    assert figures.dropped == none | {"overwritten": 20, "transport": 3, "unreadable": 1}
    assert figures.last_error == "no such encoding: rgb7"
    assert figures.input_rate_hz == pytest.approx(10)
    assert figures.processed_rate_hz == pytest.approx(5, rel=0.1)


def test_what_took_a_frame_is_told_for_a_while():
    camera = Camera(hold_s=10)
    camera.vitals.on_dropped("transport", 0)  # as the subscription says it when nothing was lost
    assert camera.vitals.frames().lately == set()
    camera.vitals.on_dropped("transport", 1)
    camera.now += 9
    camera.vitals.on_dropped("deadline")
    assert camera.vitals.frames().lately == {"transport", "deadline"}
    camera.now += 2
    assert camera.vitals.frames().lately == {"deadline"}
    assert camera.vitals.frames().dropped["transport"] == 1


def test_it_is_stale_when_no_frame_comes_and_well_again_with_the_next():
    camera = Camera(stale_s=5)
    camera.now += 4.9
    assert camera.levels() == {"input": Level.OK}
    camera.now += 0.2
    (verdict,) = camera.verdicts()
    assert (verdict.level, verdict.message) == (Level.STALE, "no input for 5 s (limit 5 s)")
    camera.vitals.on_received()
    assert camera.levels()["input"] == Level.OK


def test_time_without_a_subscription_does_not_count():
    camera = Camera(stale_s=5, rate_error_hz=8)
    camera.run(5, hz=10)
    camera.now += 100  # deactivated
    camera.vitals.on_subscribed()
    assert camera.levels() == {"input": Level.OK}


@pytest.mark.parametrize("window_s", [10, 60])
@pytest.mark.parametrize("deactivated", [True, False], ids=["deactivated", "camera gone"])
def test_after_a_pause_the_rate_is_that_since(window_s, deactivated):
    camera = Camera(window_s, rate_error_hz=20)
    camera.run(20, hz=30)
    camera.now += 100
    if deactivated:
        camera.vitals.on_subscribed()
    camera.run(1, hz=30)
    assert "rate" not in camera.levels()  # it settles, as after the start
    camera.run(2.5, hz=30)
    assert camera.levels()["rate"] == Level.OK
    figures = camera.vitals.frames()
    assert figures.input_rate_hz == pytest.approx(30)
    assert figures.processed_rate_hz == pytest.approx(30)


def test_frames_from_before_a_short_deactivation_are_in_no_rate():
    camera = Camera(rate_error_hz=20)
    camera.run(20, hz=30)
    camera.now += 8  # shorter than the window
    camera.vitals.on_subscribed()
    camera.run(3.5, hz=30)
    assert camera.levels()["rate"] == Level.OK
    assert camera.vitals.frames().input_rate_hz == pytest.approx(30)


def test_a_camera_slower_than_the_window_is_not_silent():
    camera = Camera(rate_error_hz=0.05, stale_s=0)
    camera.run(24, hz=1 / 12)
    camera.now += 4
    assert camera.vitals.frames().input_rate_hz == pytest.approx(1 / 12)
    assert camera.levels()["rate"] == Level.OK


def test_after_results_failed_to_come_for_long_the_rate_is_that_since():
    camera = Camera(rate_error_hz=20)
    camera.run(20, hz=30)
    for _ in range(12 * 30):  # longer than the window
        camera.now += 1 / 30
        camera.vitals.on_received()
        camera.vitals.on_dropped("overwritten")
    assert camera.levels()["rate"] == Level.ERROR
    camera.run(1, hz=30)
    assert camera.levels()["rate"] == Level.OK


def test_the_rate_is_judged_when_the_start_is_over():
    camera = Camera(rate_warn_hz=8, rate_error_hz=4)
    camera.run(1, hz=5)
    assert "rate" not in camera.levels()
    camera.run(4, hz=5)
    assert camera.levels()["rate"] == Level.WARN
    camera.run(20, hz=3)
    assert camera.levels()["rate"] == Level.ERROR
    camera.run(20, hz=15)
    assert camera.levels()["rate"] == Level.OK


def test_frames_that_come_and_give_nothing_are_a_bad_rate():
    camera = Camera(rate_error_hz=4)
    for _ in range(50):
        camera.now += 0.1
        camera.vitals.on_received()
        camera.vitals.on_unreadable("broken")
    assert camera.levels()["rate"] == Level.ERROR


def test_the_p99_from_stamp_to_result_is_judged():
    camera = Camera(latency_warn_ms=50, latency_error_ms=100)
    camera.run(5, hz=20, latency_ms=30)
    assert camera.levels()["latency"] == Level.OK
    camera.run(0.2, hz=20, latency_ms=80)  # 4 of 104 frames
    assert camera.levels()["latency"] == Level.WARN
    camera.run(1, hz=20, latency_ms=120)
    assert camera.levels()["latency"] == Level.ERROR


def test_a_clock_that_goes_back_is_counted_and_its_ages_forgotten():
    camera = Camera(hold_s=10)
    camera.run(1, hz=20, latency_ms=400_000)
    assert not camera.vitals.frames().clock_jumped
    camera.vitals.forget_latency()
    camera.run(1, hz=20, latency_ms=20)
    assert camera.vitals.latency()["stamp_to_publish"].p99 == pytest.approx(20)
    figures = camera.vitals.frames()
    assert (figures.clock_jumps, figures.clock_jumped) == (1, True)
    camera.now += 10
    assert not camera.vitals.frames().clock_jumped


def test_thresholds_may_change_and_the_same_ones_change_nothing():
    camera = Camera(latency_warn_ms=50)
    camera.run(5, hz=20, latency_ms=80)
    camera.vitals.on_dropped("deadline")
    camera.vitals.judge_by(Thresholds(latency_warn_ms=50))
    assert camera.vitals.frames().lately == {"deadline"}
    assert camera.levels()["latency"] == Level.WARN
    camera.vitals.judge_by(Thresholds(latency_warn_ms=100))
    assert camera.levels()["latency"] == Level.OK
