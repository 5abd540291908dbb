"""What is newer than Humble's rclpy stays in one file."""

import ast
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
NODES = HERE.parents[1] / "edge_compress" / "nodes"


def humble():
    """Return the names of each of rclpy's modules in Humble."""
    lines = (HERE / "humble_rclpy.txt").read_text().splitlines()
    split = (line.split(": ") for line in lines if not line.startswith("#"))
    return {module: set(names.split()) for module, names in split}


def imported(file):
    """Return what a file imports from rclpy, as (module, name)."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "rclpy":
            yield from ((node.module, alias.name) for alias in node.names)


def missing(file):
    known = humble()
    return {(module, name) for module, name in imported(file) if name not in known.get(module, ())}


@pytest.mark.parametrize("file", sorted(NODES.glob("*.py")), ids=lambda file: file.name)
def test_only_one_file_imports_what_humble_has_not(file):
    if file.name != "distributions.py":
        assert missing(file) == set(), "put it into distributions.py, with what Humble has instead"


def test_that_file_does_so():
    assert ("rclpy.clock_type", "ClockType") in missing(NODES / "distributions.py")


def test_callbacks_are_given_a_message_info_even_where_rclpy_has_none(monkeypatch):
    pytest.importorskip("rclpy", reason="needs ROS 2")
    from rclpy.subscription import Subscription

    from edge_compress.nodes import distributions

    class HumblesNode:
        def create_subscription(self, message_type, topic, callback, qos, **settings):
            return callback

    monkeypatch.delattr(Subscription, "CallbackType")
    heard = []
    receive = distributions.subscribe(
        HumblesNode(), object, "image_raw", lambda *given: heard.append(given), 1, None, None
    )
    receive(b"frame")
    assert heard == [(b"frame", {})]
    assert distributions.source_sequence(heard[0][1]) is None
