"""What is put together from reports, without ROS."""

from __future__ import annotations

import pytest

from edge_compress.operators.drop_rate import DropRate
from edge_compress.operators.fleet import SORT_KEYS, Fleet
from edge_compress.operators.status import Status
from edge_compress.telemetry.levels import Level


def status(node, task, level=Level.OK, message="", **values):
    texts = {key: str(value) for key, value in values.items()}
    return Status(level, message, texts, f"{node}: {task}", hardware_id=node)


def detector(name, camera="", level=Level.OK, message="", **figures):
    """What a detector reports of one camera."""
    prefix = f"{camera}/" if camera else ""
    drops = {f"dropped_{cause}": figures.get(cause, 0) for cause in ("overwritten", "transport")}
    frames = {"processed": 90, "processed_rate_hz": figures.get("rate", 15.0), **drops}
    latency = {"latency_p50_ms": 20.0, "latency_p99_ms": figures.get("p99", 40.0), "age_p50_ms": 2}
    return [
        status(name, "state", message="active", state="active"),
        status(name, "model", provider="cpu", variant="model.onnx", bundle="/a/small.bundle"),
        status(name, f"{prefix}frames", level, message, **frames),
        status(name, f"{prefix}latency", **latency),
        status(name, "load", power_total_w=figures.get("watts", 6.0)),
        status(name, "heat", temperature_max_c=figures.get("celsius", 60.0), throttled=0),
    ]


def camera(name, **figures):
    return [status(name, "frames", frames_published=10, rate_hz=15.0, frames_late=0, **figures)]


def names(picture):
    return [view.name for view in picture.views]


def test_kinds_are_told_by_what_statuses_hold():
    fleet = Fleet()
    fleet.hear(detector("robot1/eyes"), 0.0)
    fleet.hear(camera("robot1/left"), 0.0)
    fleet.hear([status("judge", "accuracy", recall=0.9)], 0.0)
    fleet.hear([status("press", "run", step_total=3, state="running")], 0.0)
    fleet.hear([status("base", "state", message="driving")], 0.0)
    fleet.hear([Status(name="joystick")], 0.0)
    picture = fleet.picture(0.1)
    assert {view.name: view.kind for view in picture.views} == {
        "robot1/eyes": "detector",
        "robot1/left": "camera",
        "judge": "evaluator",
        "press": "compressor",
        "base": "detector",
    }
    assert picture.others == 1
    assert "joystick" in names(fleet.picture(0.1, all_kinds=True))


def test_a_state_that_another_package_tells_makes_no_detector():
    fleet = Fleet()
    fleet.hear([Status(name="base: state", hardware_id="motor 7")], 0.0)
    assert fleet.picture(0.0).others == 1


def test_all_figures_of_a_detector_are_found():
    fleet = Fleet()
    fleet.hear(detector("d", overwritten=3, transport=1), 0.0)
    (view,) = fleet.picture(0.5).views
    assert (view.level, view.age_s, view.state) == (Level.OK, 0.5, "active")
    assert (view.provider, view.variant, view.bundle) == ("cpu", "model.onnx", "/a/small.bundle")
    assert (view.power_w, view.energy_mj, view.celsius, view.throttled) == (6.0, None, 60.0, False)
    (stream,) = view.streams
    assert (stream.rate_hz, stream.latency_p50_ms, stream.latency_p99_ms) == (15.0, 20.0, 40.0)
    assert (stream.drops, stream.dropped) == ({"overwritten": 3, "transport": 1}, 4)
    assert stream.drops_per_s is None  # nobody knows before the second report


def test_each_camera_of_a_node_stands_for_itself():
    fleet = Fleet()
    fleet.hear([*detector("d", "front"), *detector("d", "left", Level.STALE, "no input")], 0.0)
    (view,) = fleet.picture(0.0).views
    levels = {stream.camera: stream.level for stream in view.streams}
    assert levels == {"front": Level.OK, "left": Level.STALE}
    assert view.level is Level.STALE
    assert [(c.task, c.message) for c in view.complaints] == [("left/frames", "no input")]


def test_what_a_node_shares_counts_for_each_of_its_cameras():
    fleet = Fleet()
    hot = status("d", "heat", Level.ERROR, "97 °C")
    fleet.hear([*detector("d", "front"), *detector("d", "left"), hot], 0.0)
    (view,) = fleet.picture(0.0).views
    assert {stream.level for stream in view.streams} == {Level.ERROR}


def test_a_complaint_has_the_age_of_its_level_not_of_its_words():
    fleet = Fleet()
    for second in range(10):
        level = Level.OK if second < 4 else Level.WARN
        fleet.hear(detector("d", level=level, message=f"{second} lost"), float(second))
    (complaint,) = fleet.picture(9.5).views[0].complaints
    assert (complaint.message, complaint.for_s) == ("9 lost", 5.5)
    fleet.hear(detector("d"), 10.0)
    assert fleet.picture(10.0).views[0].complaints == ()


def test_latency_that_is_stale_because_no_frame_comes_is_not_told_twice():
    fleet = Fleet()
    stale = detector("d", "left", Level.STALE, "no input")
    stale.append(status("d", "left/latency", Level.STALE, "no input"))
    fleet.hear([*stale, status("d", "front/latency", Level.STALE, "clock")], 0.0)
    (view,) = fleet.picture(0.0).views
    assert [c.task for c in view.complaints] == ["left/frames", "front/latency"]


def test_a_node_that_fell_silent_is_stale_and_keeps_its_last_figures():
    fleet = Fleet(stale_s=5.0)
    fleet.hear(detector("d"), 0.0)
    assert not fleet.picture(5.0, reporters={"d": 1}).views[0].silent
    for reporters, word in (({"d": 1}, "hangs"), ({}, "has ended")):
        (view,) = fleet.picture(8.0, reporters=reporters).views
        assert (view.silent, view.level, view.gone) == (True, Level.STALE, not reporters)
        assert "no report for 8 s" in view.message
        assert word in view.message
        assert view.streams[0].level is Level.STALE
        assert view.streams[0].rate_hz == 15.0
    fleet.hear(detector("d"), 9.0)
    assert fleet.picture(9.0).views[0].level is Level.OK


def test_what_a_node_of_ours_does_not_tell_any_more_is_not_known():
    fleet = Fleet()
    for second in range(2):
        hot = status("d", "heat", Level.WARN, "90 °C", temperature_max_c=90.0)
        fleet.hear([*detector("d", "front", overwritten=second), hot], float(second))
    fleet.hear([status("d", "state", message="unconfigured", state="unconfigured")], 2.0)
    (view,) = fleet.picture(2.5).views
    assert (view.kind, view.level, view.message) == ("detector", Level.OK, "unconfigured")
    assert (view.provider, view.bundle, view.power_w, view.celsius) == (None,) * 4
    assert (view.streams, view.complaints) == ((), ())


def test_a_camera_that_a_node_serves_no_more_leaves_its_picture():
    fleet = Fleet()
    for second in range(2):
        left = detector("d", "left", Level.WARN, "late", overwritten=9 * second)
        fleet.hear([*detector("d", "front"), *left], float(second))
    fleet.hear(detector("d", "front"), 2.0)
    (view,) = fleet.picture(2.0).views
    assert [stream.camera for stream in view.streams] == ["front"]
    assert view.level is Level.OK
    # When it comes back it is new: neither its complaint nor its rate goes on from before.
    fleet.hear([*detector("d", "front"), *detector("d", "left", Level.WARN, "late")], 3.0)
    (view,) = fleet.picture(3.0).views
    assert [(c.task, c.for_s) for c in view.complaints] == [("left/frames", 0.0)]
    assert [stream.drops_per_s for stream in view.streams] == [0.0, None]


def test_a_node_of_another_package_may_tell_its_tasks_one_by_one():
    fleet = Fleet()
    fleet.hear([Status(name="base: motor", message="turns", level=Level.WARN)], 0.0)
    fleet.hear([Status(name="base: battery", message="full")], 0.1)
    (view,) = fleet.picture(0.1, all_kinds=True).views
    assert (view.level, view.message) == (Level.WARN, "turns")


def test_a_node_that_reports_seldom_is_given_time():
    fleet = Fleet(stale_s=5.0)
    for second in (0.0, 20.0, 40.0):
        fleet.hear(detector("d"), second)
    assert not fleet.picture(85.0).views[0].silent
    assert fleet.picture(95.0).views[0].silent
    # One long pause among short ones says nothing of the next.
    for second in (100.0, 101.0, 131.0):
        fleet.hear(detector("d"), second)
    assert fleet.picture(137.0).views[0].silent


def test_two_nodes_of_one_name_are_told_of():
    fleet = Fleet()
    fleet.hear(detector("detector"), 0.0)
    (view,) = fleet.picture(0.0, reporters={"detector": 2}).views
    assert view.level is Level.WARN
    assert "2 nodes have this name" in view.message
    assert "namespace" in view.message


def test_a_node_that_is_there_but_was_never_heard_is_named():
    fleet = Fleet(namespaces=["robot1"])
    picture = fleet.picture(0.0, reporters={"robot1/detector": 1, "robot2/detector": 1})
    assert picture.unheard == ["robot1/detector"]


def test_namespaces_leave_the_others_out():
    fleet = Fleet(namespaces=["/robot1", "robot2/front/detector"])
    for name in ("robot1/detector", "robot10/detector", "robot2/front/detector", "robot2/camera"):
        fleet.hear(detector(name), 0.0)
    assert names(fleet.picture(0.0)) == ["robot1/detector", "robot2/front/detector"]


@pytest.mark.parametrize(
    ("key", "order"),
    [
        ("name", ["a", "b", "c", "z"]),
        ("level", ["c", "a", "b", "z"]),
        ("rate", ["b", "a", "c", "z"]),
        ("latency", ["c", "a", "b", "z"]),
        ("drops", ["b", "a", "c", "z"]),
        ("power", ["a", "b", "c", "z"]),
        ("temperature", ["b", "c", "a", "z"]),
    ],
)
def test_the_worst_comes_first_and_who_does_not_tell_last(key, order):
    fleet = Fleet()
    for second in range(2):
        fleet.hear(detector("a", p99=50.0, watts=9.0, celsius=50.0), second)
        fleet.hear(detector("b", rate=5.0, celsius=80.0, overwritten=10 * second), second)
        fleet.hear(detector("c", "", Level.WARN, "x", rate=20.0, p99=90.0, watts=3.0), second)
    fleet.hear([status("z", "accuracy")], 1.0)
    assert set(SORT_KEYS) >= {key}
    assert names(fleet.picture(1.0, key)) == order


def test_a_visitor_of_another_package_is_forgotten_but_no_node_of_ours():
    fleet = Fleet()
    fleet.hear([Status(name="rosbag2_recorder_1: health")], 0.0)
    fleet.hear(detector("d"), 0.0)
    picture = fleet.picture(100_000.0, all_kinds=True)
    assert names(picture) == ["d"]


def test_what_is_no_number_is_not_known():
    fleet = Fleet()
    fleet.hear(detector("d", rate="nan", p99="soon", watts="inf"), 0.0)
    (view,) = fleet.picture(0.0).views
    stream = view.streams[0]
    assert (stream.rate_hz, stream.latency_p99_ms, view.power_w) == (None, None, None)


def test_drops_are_counted_over_the_last_seconds():
    rate = DropRate()
    rate.add(0.0, 100)
    assert rate.per_s is None
    for second in range(1, 31):
        rate.add(float(second), 100 + (20 if second > 25 else 0))
    assert rate.per_s == pytest.approx(20 / 10)
    for second in range(31, 60):
        rate.add(float(second), 120)
    assert rate.per_s == 0.0


def test_a_count_that_begins_anew_is_no_negative_rate():
    rate = DropRate()
    rate.add(0.0, 50)
    rate.add(1.0, 60)
    rate.add(2.0, 1)
    assert rate.per_s is None
    rate.add(3.0, 3)
    assert rate.per_s == 2.0
