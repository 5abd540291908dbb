"""The options of scoring are the evaluator's parameters."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from edge_compress.cli.arguments import ArgumentError
from edge_compress.cli.judging import add_judging, judging

CONFIG = Path(__file__).parents[2] / "config"


def parsed(*arguments):
    parser = argparse.ArgumentParser()
    add_judging(parser)
    return judging(parser.parse_args(arguments))


def parsed_names():
    """Return the parameters that the options stand for."""
    parser = argparse.ArgumentParser()
    add_judging(parser)
    return vars(parser.parse_args([]))


def test_only_what_was_given_is_returned():
    assert parsed() == {}
    assert parsed("--min-recall", "0.9", "--classes", "cat", "dog", "--min-size", "48") == {
        "min_recall": 0.9, "classes": ["cat", "dog"], "min_size_px": 48,
    }  # fmt: skip


def test_each_is_a_parameter_of_the_node_which_takes_the_value():
    pytest.importorskip("rclpy", reason="needs ROS 2")
    from edge_compress.nodes.evaluator_parameters import EVALUATOR_PARAMETERS

    table = {parameter.name: parameter for parameter in EVALUATOR_PARAMETERS}
    given = parsed(
        *("--tolerance", "0.01", "--iou-threshold", "0.4", "--score-threshold", "0.2"),
        *("--min-size", "48", "--class-map", "1:cat", "--classes", "cat", "--min-precision", "0.1"),
        *("--min-recall", "0.1", "--min-ap50", "0.1", "--min-ap", "0.1", "--min-frames", "3"),
        *("--max-latency-p99-ms", "5", "--max-drop-share", "0", "--wait", "2"),
    )
    assert len(given) == 14
    assert {name: table[name].problem(value) for name, value in given.items()} == dict.fromkeys(
        given, ""
    )


def test_a_drop_share_of_0_asks_that_no_frame_is_dropped():
    # The node's own 0 asks nothing.
    assert 0 < parsed("--max-drop-share", "0")["max_drop_share"] < 1e-6


@pytest.fixture
def from_file(tmp_path):
    """Return what is read of a parameter file with this text."""

    def read(text, *arguments):
        file = tmp_path / "mine.yaml"
        file.write_text(text)
        return parsed("--params", str(file), *arguments)

    return read


@pytest.mark.parametrize(
    "name", ["/**", "/*", "evaluator", "/drone/evaluator", "/**/evaluator", "/drone/**"]
)
def test_a_file_says_it_by_the_evaluators_name_or_by_stars(from_file, name):
    robot = "/drone/detector: {ros__parameters: {classes: [person], min_size_px: 9.0}}\n"
    text = f"{robot}{name}: {{ros__parameters: {{wait_s: 2.5, min_size_px: 24.5}}}}\n{robot}"
    assert from_file(text) == {"wait_s": 2.5, "min_size_px": 24.5}


def test_a_file_may_nest_namespaces(from_file):
    text = "drone: {detector: {ros__parameters: {classes: [a]}}, evaluator: {ros__parameters: %s}}"
    assert from_file(text % "{min_recall: 0.5}") == {"min_recall": 0.5}


def test_a_file_without_the_evaluator_is_refused(from_file):
    with pytest.raises(ArgumentError, match="holds no `ros__parameters` of a node `evaluator`"):
        from_file("/drone/detector: {ros__parameters: {classes: [person]}}")


def test_a_misspelt_name_in_a_file_is_refused_as_it_would_ask_nothing(from_file):
    with pytest.raises(ArgumentError, match="`min_recal`: did you mean `min_recall`"):
        from_file("evaluator: {ros__parameters: {min_recal: 0.9}}")


def test_what_a_file_says_to_nodes_alone_is_passed_over(from_file):
    pytest.importorskip("rclpy", reason="needs ROS 2")
    from edge_compress.nodes.detector_parameters import DETECTOR_PARAMETERS
    from edge_compress.nodes.evaluator_parameters import EVALUATOR_PARAMETERS

    names = {parameter.name for parameter in (*DETECTOR_PARAMETERS, *EVALUATOR_PARAMETERS)}
    said = ", ".join(f"{name}: 1" for name in names - set(parsed_names()))
    text = "/**: {ros__parameters: {min_recall: 0.9, use_sim_time: true, %s}}"
    assert from_file(text % said) == {"min_recall": 0.9}


def test_a_largest_value_of_0_in_a_file_asks_nothing_as_in_the_node(from_file):
    text = "/**: {ros__parameters: {max_drop_share: 0.0, max_latency_p99_ms: 0, min_ap: 0.0}}"
    assert from_file(text) == {"min_ap": 0}
    assert from_file(text, "--max-drop-share", "0.1") == {"min_ap": 0, "max_drop_share": 0.1}


def test_the_shipped_file_is_taken_at_its_defaults():
    given = parsed("--params", str(CONFIG / "evaluator.yaml"))
    assert (given["wait_s"], given["iou_threshold"], given["class_map"]) == (10, 0.5, [])
    assert not any(value for name, value in given.items() if name.startswith(("min_p", "max_")))
