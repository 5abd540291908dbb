"""The options of scoring are the evaluator's parameters."""

from __future__ import annotations

import argparse

import pytest

from edge_compress.cli.judging import add_judging, judging


def parsed(*arguments):
    parser = argparse.ArgumentParser()
    add_judging(parser)
    return judging(parser.parse_args(arguments))


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
        *("--max-latency-p99-ms", "5", "--max-drop-share", "0.1"),
    )
    assert len(given) == 13
    assert {name: table[name].problem(value) for name, value in given.items()} == dict.fromkeys(
        given, ""
    )
