"""`edge_compress evaluate` on bags."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

pytest.importorskip("rosbags", reason="only where bags are read")

from edge_compress.bags.writer import BagWriter
from edge_compress.cli.main import main

TRUTH, FOUND = "/drone/ground_truth", "/drone/detections"
ARRAY = "vision_msgs/msg/Detection2DArray"
CAT = ("cat", 0.9, 10, 10, 50, 50)
TOPICS = ("--detections", FOUND, "--ground-truth", TRUTH)


def array(types, stamp_s, boxes):
    """Build a Detection2DArray."""

    def of(name, package="vision_msgs"):
        return types[f"{package}/msg/{name}"]

    stamp = of("Time", "builtin_interfaces")(*divmod(round(stamp_s * 1e9), 10**9))
    header = of("Header", "std_msgs")(stamp, "camera")
    point, turn = of("Point", "geometry_msgs"), of("Quaternion", "geometry_msgs")
    pose = of("Pose", "geometry_msgs")(point(0.0, 0.0, 0.0), turn(0.0, 0.0, 0.0, 1.0))
    nowhere = of("PoseWithCovariance", "geometry_msgs")(pose, np.zeros(36))
    elements = []
    for name, score, left, top, width, height in boxes:
        centre = of("Pose2D")(of("Point2D")(left + width / 2, top + height / 2), 0.0)
        hypothesis = of("ObjectHypothesisWithPose")(of("ObjectHypothesis")(name, score), nowhere)
        box = of("BoundingBox2D")(centre, float(width), float(height))
        elements.append(of("Detection2D")(header, [hypothesis], box, ""))
    return types[ARRAY](header, elements)


def says(types, names):
    """Build one report on /diagnostics: an inference takes as long as the name of its status."""

    def of(name, package="diagnostic_msgs"):
        return types[f"{package}/msg/{name}"]

    statuses = [
        of("DiagnosticStatus")(0, name, "", "", [of("KeyValue")("infer_p50_ms", str(len(name)))])
        for name in names
    ]
    header = of("Header", "std_msgs")(of("Time", "builtin_interfaces")(0, 0), "")
    return of("DiagnosticArray")(header, statuses)


def write(
    path,
    frames=40,
    truth=CAT,
    found=CAT,
    start=100.0,
    clock=0.0,
    sides=(TRUTH, FOUND),
    diagnostics=(),
):
    """Write a bag: ground truth at once, detections 30 ms later; of each 10th frame there are none.

    Args:
        start: seconds at which recording began.
        clock: seconds by which the stamps of detections are ahead.
        diagnostics: reports at the beginning, each the names of its statuses.
    """
    with BagWriter(path) as writer:
        for topic in sides:
            writer.add(topic, ARRAY)
        if diagnostics:
            writer.add("/diagnostics", "diagnostic_msgs/msg/DiagnosticArray")
        for names in diagnostics:
            writer.write("/diagnostics", round(start * 1e9), says(writer.types, names))
        for number in range(frames):
            stamp = 100 + number / 10
            came = round((start + number / 10) * 1e9)
            if TRUTH in sides:
                writer.write(TRUTH, came + 10**6, array(writer.types, stamp, [truth]))
            for topic in set(sides) - {TRUTH} if number % 10 != 5 else ():
                message = array(writer.types, stamp + clock, [found])
                writer.write(topic, came + 30 * 10**6, message)
    return path


def test_a_bag_is_scored_and_reported(tmp_path, capsys):
    bag = write(tmp_path / "flight.mcap")
    report = tmp_path / "report"
    asked = ("--min-recall", "0.9", "--max-drop-share", "0.2", "--max-latency-p99-ms", "31")
    assert main(["evaluate", str(bag), *TOPICS, *asked, "-o", str(report)]) == 0
    assert "passed: precision 1.000, recall 1.000" in capsys.readouterr().out
    told = json.loads((report / "evaluation.json").read_text())
    assert (told["frames"]["scored"], told["frames"]["dropped"]) == (36, 4)
    assert told["latency"]["stamp_to_arrival"]["p50_ms"] == pytest.approx(30)
    assert told["latency"]["after_truth"]["p50_ms"] == pytest.approx(29)
    assert told["source"]["bag"] == str(bag)
    assert (report / "evaluation.html").is_file()


def test_the_detectors_own_figures_are_taken_from_its_namespace(tmp_path, capsys):
    reports = (["drone/detector: latency"], ["rover/detector: latency"])
    bag = write(tmp_path / "flight.mcap", diagnostics=reports)
    assert main(["evaluate", str(bag), *TOPICS, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["latency"]["detector"]
    assert told == {"infer_p50_ms": len("drone/detector: latency")}


def test_of_a_detector_with_several_cameras_the_scored_ones_figures_are_taken(tmp_path, capsys):
    own = "drone/detector: front/latency"
    reports = ([own, "drone/detector: left/latency"], ["rover/detector: latency"])
    found = "/drone/front/detections"
    bag = write(tmp_path / "flight.mcap", sides=(TRUTH, found), diagnostics=reports)
    topics = ["--detections", found, "--ground-truth", TRUTH]
    assert main(["evaluate", str(bag), *topics, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["latency"]["detector"] == {"infer_p50_ms": len(own)}


def test_what_is_not_met_is_code_1(tmp_path, capsys):
    bag = write(tmp_path / "flight.mcap", found=("cat", 0.9, 300, 10, 50, 50))
    assert main(["evaluate", str(bag), *TOPICS, "--min-recall", "0.9"]) == 1
    assert "failed: recall is 0, at least 0.9 was asked" in capsys.readouterr().out


def test_ground_truth_of_another_bag_is_found_by_its_stamps(tmp_path, capsys):
    truth = write(tmp_path / "truth.mcap", sides=(TRUTH,))
    seen = write(tmp_path / "seen.mcap", start=5000.0, sides=(FOUND,))
    assert main(["evaluate", str(seen), str(truth), *TOPICS, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["frames"]["scored"], told["frames"]["dropped"]) == (36, 4)
    assert told["accuracy"]["recall"] == 1
    assert told["latency"]["after_truth"] is told["latency"]["stamp_to_arrival"] is None
    assert told["source"]["truth_bag"] == str(truth)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"truth": ("16", 1.0, 10, 10, 50, 50)}, "ground truth has '16', the detector 'cat'"),
        ({"clock": 1e9}, "clocks differ by"),
        ({"frames": 0}, "no ground truth came on /drone/ground_truth"),
    ],
)
def test_what_does_not_fit_together_is_code_2(tmp_path, capsys, settings, told):
    bag = write(tmp_path / "flight.mcap", **settings)
    assert main(["evaluate", str(bag), *TOPICS, "--min-recall", "0.9"]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


def test_class_names_can_be_mapped(tmp_path):
    bag = write(tmp_path / "flight.mcap", truth=("16", 1.0, 10, 10, 50, 50))
    mapped = ("--class-map", "16:cat", "17:dog", "--min-recall", "0.9")
    assert main(["evaluate", str(bag), *TOPICS, *mapped]) == 0


def test_a_parameter_file_of_the_node_is_taken_and_options_win_over_it(tmp_path, capsys):
    bag = write(tmp_path / "flight.mcap", truth=("16", 1.0, 10, 10, 50, 50))
    file = tmp_path / "mine.yaml"
    file.write_text(
        "/**:\n  ros__parameters:\n    class_map: ['16:cat']\n    min_size_px: 48.0\n"
        "    max_drop_share: 0.01\n    use_sim_time: true\n"
    )
    assert main(["evaluate", str(bag), *TOPICS, "--params", str(file)]) == 1
    assert "drop_share is 0.1" in capsys.readouterr().out
    told = ["--params", str(file), "--max-drop-share", "0.2", "--json"]
    assert main(["evaluate", str(bag), *TOPICS, *told]) == 0
    settings = json.loads(capsys.readouterr().out)["settings"]
    assert (settings["min_size_px"], settings["max_drop_share"]) == (48, 0.2)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "cannot be read"),
        ("[", "cannot be read"),
        ("detector: 1", "holds no `ros__parameters`"),
        ("/**: {ros__parameters: {min_recall: 2}}", "`min_recall` must be between 0 and 1, got 2"),
        ("/**: {ros__parameters: {class_map: x}}", "`class_map` must be a list, got 'x'"),
        ("/**: {ros__parameters: {iou_threshold: 0}}", "must be from 0.05 to 1, got 0"),
    ],
)
def test_a_parameter_file_that_is_none_is_refused(tmp_path, capsys, text, told):
    file = tmp_path / "mine.yaml"
    if text is not None:
        file.write_text(text)
    assert main(["evaluate", str(tmp_path), "--params", str(file)]) == 2
    error = capsys.readouterr().err
    assert str(file) in error
    assert told in error
    assert error.count("\n") == 1


def test_a_topic_that_is_not_there_is_told_with_those_that_are(tmp_path, capsys):
    bag = write(tmp_path / "flight.mcap")
    assert main(["evaluate", str(bag), "--detections", FOUND]) == 2
    error = capsys.readouterr().err
    assert "/ground_truth" in error
    assert f"{TRUTH} ({ARRAY}, 40)" in error


@pytest.mark.parametrize("bags", [1, 2])
def test_one_topic_as_both_sides_is_refused(tmp_path, capsys, bags):
    bag = [str(write(tmp_path / "flight.mcap"))] * bags
    assert main(["evaluate", *bag, "--detections", TRUTH, "--ground-truth", TRUTH]) == 2
    assert f"{TRUTH} is given as detections and as ground truth" in capsys.readouterr().err


def test_a_topic_of_another_type_is_told(tmp_path, capsys):
    with BagWriter(tmp_path / "flight.mcap") as writer:
        writer.add(FOUND, "std_msgs/msg/Header")
        writer.add(TRUTH, ARRAY)
    assert main(["evaluate", str(tmp_path / "flight.mcap"), *TOPICS]) == 2
    assert f"{FOUND} is std_msgs/msg/Header, not {ARRAY}" in capsys.readouterr().err


def test_a_bag_that_is_cut_off_is_scored_as_far_as_it_goes_and_is_code_2(tmp_path, capsys):
    bag = write(tmp_path / "flight.mcap", frames=3000)
    os.truncate(bag, bag.stat().st_size * 6 // 10)
    report = tmp_path / "report"
    assert main(["evaluate", str(bag), *TOPICS, "-o", str(report)]) == 2
    assert "the bag is cut off" in capsys.readouterr().err
    told = json.loads((report / "evaluation.json").read_text())
    assert told["verdict"] == "not evaluated"
    assert told["accuracy"]["recall"] == 1
    assert 100 < told["frames"]["scored"] < 2700


def test_a_report_that_cannot_be_written_is_told_before_the_bag_is_read(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    bag = write(tmp_path / "flight.mcap", frames=1)
    assert main(["evaluate", str(bag), *TOPICS, "-o", str(tmp_path / "file")]) == 2
    assert "the report cannot be written" in capsys.readouterr().err


def test_a_drop_share_of_0_fails_a_bag_with_a_drop(tmp_path, capsys):
    asked = ("--max-drop-share", "0")
    bag = write(tmp_path / "flight.mcap")
    assert main(["evaluate", str(bag), *TOPICS, *asked]) == 1
    assert "drop_share is 0.1, at most 0 was asked" in capsys.readouterr().out
    whole = write(tmp_path / "whole.mcap", frames=5)
    assert main(["evaluate", str(whole), *TOPICS, *asked]) == 0


@pytest.mark.parametrize(
    "argument",
    [
        ("--min-recall", "1.5"),
        ("--max-latency-p99-ms", "-1"),
        ("--max-latency-p99-ms", "0"),
        ("--max-latency-p99-ms", "nan"),
        ("--iou-threshold", "0"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(tmp_path, capsys, argument):
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", str(tmp_path), *argument])
    assert ended.value.code == 2
    assert f"argument {argument[0]}: must be " in capsys.readouterr().err
