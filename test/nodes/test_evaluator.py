"""The evaluator node: what it says live, when it ends, its report and its exit code."""

from __future__ import annotations

import importlib.util
import json
import signal
from pathlib import Path

import pytest

CONFIG = Path(__file__).resolve().parents[2] / "config" / "evaluator.yaml"
ERROR, WARN, OK = b"\x02", b"\x01", b"\x00"


@pytest.fixture
def array():
    """Return a function that builds a Detection2DArray."""
    pytest.importorskip("vision_msgs", reason="needs vision_msgs; `make setup` builds it")
    from builtin_interfaces.msg import Time
    from std_msgs.msg import Header
    from vision_msgs.msg import Detection2D, Detection2DArray, ObjectHypothesisWithPose

    def array(stamp_s, *boxes):
        sec, nanosec = divmod(round(stamp_s * 1e9), 10**9)
        message = Detection2DArray(header=Header(stamp=Time(sec=sec, nanosec=nanosec)))
        for name, score, left, top, width, height in boxes:
            one = Detection2D(results=[ObjectHypothesisWithPose()])
            one.results[0].hypothesis.class_id = name
            one.results[0].hypothesis.score = score
            one.bbox.center.position.x = left + width / 2
            one.bbox.center.position.y = top + height / 2
            one.bbox.size_x, one.bbox.size_y = float(width), float(height)
            message.detections.append(one)
        return message

    return array


CAT = ("cat", 0.9, 10, 10, 50, 50)
NOT_THERE = ("cat", 0.9, 300, 10, 50, 50)


def can_draw():
    """Return whether what a page needs is installed; a robot may be without it."""
    return all(importlib.util.find_spec(name) for name in ("jinja2", "matplotlib"))


class Talk:
    """Publishes both topics of an evaluator that has found them."""

    def __init__(self, probe, array, node, **qos):
        from vision_msgs.msg import Detection2DArray

        qos.setdefault("qos", 100)  # of what is said before it is found nothing is lost
        self._probe, self._array = probe, array
        self.truth = probe.publisher(Detection2DArray, f"{node.namespace}/ground_truth", **qos)
        self.found = probe.publisher(Detection2DArray, f"{node.namespace}/detections", **qos)
        name = f"{node.status_name}: accuracy"
        probe.until(
            lambda: name in probe.statuses and "has 1 publ" in probe.statuses[name].message,
            "the evaluator to find who publishes",
        )
        probe.spin(0.3)

    def say(self, count, truth=(CAT,), found=(CAT,), first=1000, clock=0.0):
        for number in range(first, first + count):
            if truth is not None:
                self.truth.publish(self._array(number / 10, *truth))
            if found is not None:
                self.found.publish(self._array(number / 10 + clock, *found))
            self._probe.spin(0.01)


@pytest.fixture
def begin(start):
    """Return a function that starts an evaluator that reports often."""
    return lambda **settings: start("evaluator", diagnostics_period_s=0.1, **settings)


@pytest.fixture
def talk(probe, array):
    return lambda node, **qos: Talk(probe, array, node, **qos)


def test_it_scores_live_and_reports_when_it_is_stopped(begin, probe, talk, tmp_path):
    node = begin(report=tmp_path / "new" / "report", min_recall=0.8)
    voice = talk(node)
    voice.say(20)
    name = f"{node.status_name}: accuracy"
    values = probe.until_value(name, lambda v: v.get("found") == "20", "all to be scored")
    assert probe.statuses[name].level == OK
    assert (values["recall"], values["precision"], values["ap"]) == ("1.000", "1.000", "1.000")
    assert (values["recall_cat"], values["missed_medium"], values["missed"]) == ("1.000", "0", "0")
    voice.say(20, found=(NOT_THERE,), first=1020)
    voice.say(1, found=None, first=1040)
    probe.until_value(f"{node.status_name}: frames", lambda v: v["truth"] == "41", "the last")
    probe.until_value(name, lambda v: v["missed"] == "20", "all misses")
    assert probe.statuses[name].level == ERROR
    assert probe.statuses[name].message == "recall is 0.5, at least 0.8 was asked"
    assert node.stop(signal.SIGINT) == 1
    assert node.log.count("recall is 0.5, at least 0.8 was asked") == 1
    assert "Traceback" not in node.log
    told = json.loads((tmp_path / "new" / "report" / "evaluation.json").read_text())
    assert (told["verdict"], told["accuracy"]["recall"]) == ("failed", 0.5)
    assert told["frames"]["dropped"] + told["frames"]["in_flight"] == 1
    assert told["source"]["detections"] == f"{node.namespace}/detections"
    if can_draw():
        page = (tmp_path / "new" / "report" / "evaluation.html").read_text()
        assert "Evaluation:" in page
    else:
        assert "is missing: pip install" in node.log


@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)]
)
def test_a_flight_that_meets_what_is_asked_ends_with_0(begin, probe, talk, tmp_path, number):
    node = begin(report=tmp_path, min_recall=0.9, min_precision=0.9, min_frames=20)
    talk(node).say(20)
    name = f"{node.status_name}: accuracy"
    probe.until_value(name, lambda v: v.get("found") == "20", "all to be scored")
    assert node.stop(number) == 0
    assert "passed: precision 1.000, recall 1.000" in node.log
    assert json.loads((tmp_path / "evaluation.json").read_text())["verdict"] == "passed"


@pytest.mark.slow
def test_it_ends_by_itself_after_so_many_frames_and_takes_no_more(begin, talk, tmp_path):
    node = begin(report=tmp_path, frames=10)
    voice = talk(node)
    voice.say(30)
    assert node.wait() == 0
    assert json.loads((tmp_path / "evaluation.json").read_text())["frames"]["scored"] == 10


@pytest.mark.slow
def test_it_ends_by_itself_when_ground_truth_ceases(begin, talk):
    node = begin(idle_timeout_s=0.5)
    talk(node).say(10, found=(NOT_THERE,))
    assert node.wait() == 0  # nothing was asked
    assert "recall 0.000" in node.log


@pytest.mark.slow
def test_no_ground_truth_is_code_2_and_the_file_of_parameters_is_taken(start, probe):
    node = start("evaluator", params_file=CONFIG)
    level, message, _ = probe.status(f"{node.status_name}: accuracy")
    assert (level, message) == (
        WARN, f"waiting for ground truth: {node.namespace}/ground_truth has no publishers",
    )  # fmt: skip
    assert node.stop() == 2
    assert f"no ground truth came on {node.namespace}/ground_truth" in node.log


@pytest.mark.slow
def test_a_detector_that_is_not_there_is_an_error_live_and_code_2(begin, probe, talk):
    node = begin()
    talk(node).say(15, found=None)
    probe.until_level(f"{node.status_name}: accuracy", ERROR)
    told = probe.statuses[f"{node.status_name}: accuracy"].message
    assert told == f"no detections come: {node.namespace}/detections has 1 publisher"
    assert node.stop() == 2
    assert f"no detections came on {node.namespace}/detections: does the detector run?" in node.log


@pytest.mark.slow
def test_clocks_that_differ_are_an_error_live_and_code_2(begin, probe, talk):
    node = begin()
    talk(node).say(15, clock=1e9)
    probe.until_level(f"{node.status_name}: accuracy", ERROR)
    assert "clocks differ by" in probe.statuses[f"{node.status_name}: accuracy"].message
    assert node.stop() == 2
    assert "use_sim_time" in node.log


@pytest.mark.slow
def test_other_class_names_are_an_error_live_and_code_2(begin, probe, talk):
    node = begin()
    talk(node).say(15, truth=(("16", 1.0, 10, 10, 50, 50),))
    probe.until_level(f"{node.status_name}: accuracy", ERROR)
    assert node.stop() == 2
    assert "ground truth has '16', the detector 'cat'" in node.log


@pytest.mark.slow
def test_a_class_map_makes_them_one(begin, talk):
    node = begin(idle_timeout_s=0.5, class_map="['16:cat']", min_recall=0.9)
    talk(node).say(15, truth=(("16", 1.0, 10, 10, 50, 50),))
    assert node.wait() == 0


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"class_map": "['cat']"}, "'cat' has no colon"),
        ({"report": "/dev/null/report"}, "/dev/null/report: the report cannot be written"),
        ({"min_recall": 2.0}, "min_recall out of range"),
    ],
)
def test_a_bad_parameter_is_one_error_and_code_2(begin, parameters, told):
    node = begin(**parameters)
    assert node.wait() == 2
    assert told in node.log
    assert "Traceback" not in node.log


def test_one_topic_as_both_sides_is_refused(begin):
    node = begin(remaps=["detections:=ground_truth"])
    assert node.wait() == 2
    assert f"{node.namespace}/ground_truth is given as detections and as ground truth" in node.log
    assert "Traceback" not in node.log


@pytest.mark.slow
def test_detections_that_are_offered_as_best_effort_are_taken(begin, probe, talk):
    from rclpy.qos import QoSProfile, ReliabilityPolicy
    from vision_msgs.msg import Detection2DArray

    node = begin()
    quality = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)
    first = [
        probe.node.create_publisher(Detection2DArray, f"{node.namespace}/{topic}", quality)
        for topic in ("ground_truth", "detections")
    ]
    probe.until(lambda: node.log.count("is offered as best effort") == 2, "both to be taken")
    for publisher in first:
        probe.node.destroy_publisher(publisher)
    voice = talk(node, qos=quality)
    name = f"{node.status_name}: accuracy"

    def heard():
        voice.say(1)
        return any(
            pair.key == "found" and int(pair.value) > 0 for pair in probe.statuses[name].values
        )

    probe.until(heard, "something to be scored")
    assert node.stop() == 0


@pytest.mark.slow
def test_the_detectors_own_figures_are_in_the_report(begin, probe, talk, tmp_path):
    from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

    node = begin(report=tmp_path)
    voice = talk(node)
    says = probe.publisher(DiagnosticArray, "/diagnostics")

    def status(name, value):
        pair = KeyValue(key="stamp_to_publish_p99_ms", value=value)
        return DiagnosticStatus(name=name, values=[pair])

    name = f"{node.status_name}: latency"

    def known():
        voice.say(1)
        # The publisher of the detections is this test's own node.
        says.publish(
            DiagnosticArray(status=[status("probe: latency", "12.5"), status("x: latency", "99")])
        )
        return name in probe.statuses and any(
            pair.key == "detector_stamp_to_publish_p99_ms" for pair in probe.statuses[name].values
        )

    probe.until(known, "the detector's latency")
    node.stop()
    told = json.loads((tmp_path / "evaluation.json").read_text())["latency"]["detector"]
    assert told == {"stamp_to_publish_p99_ms": 12.5}
