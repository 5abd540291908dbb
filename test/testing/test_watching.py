"""Waiting for a detector that takes its time."""

import sys
import time

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from edge_compress.inference.tensorrt.build_status import BuildStatus
from edge_compress.nodes.loading import Load
from edge_compress.operators.status import Status
from edge_compress.testing import watching
from edge_compress.testing.processes import NodeError, NodeProcess
from edge_compress.testing.watching import wait_until_active

PATIENCE_S = 0.4


class Told:
    """What a monitor hears: one state after the other, the last one for good."""

    def __init__(self, *states, each_s=PATIENCE_S / 4):
        self._states = states
        self._each_s = each_s
        self._began = time.monotonic()

    def status(self, name):
        assert name == "detector: state"
        passed = int((time.monotonic() - self._began) / self._each_s)
        state = self._states[min(passed, len(self._states) - 1)]
        return Status(message=state, values={"state": state} if state else {})

    def listen(self, seconds):
        time.sleep(seconds / 10)


@pytest.fixture
def detector(tmp_path, monkeypatch):
    """A node that does nothing, so that only what the monitor hears counts."""
    monkeypatch.setattr(watching, "START_S", PATIENCE_S)
    stand_in = tmp_path / "python"
    stand_in.write_text("#!/bin/sh\necho waits\nexec sleep 60\n")
    stand_in.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(stand_in))
    with NodeProcess("detector", tmp_path / "detector.log", {}) as node:
        yield node


def test_an_engine_may_take_its_time_as_long_as_it_comes_on(detector):
    steps = [f"opening people.bundle (building its engine, {n}%)" for n in range(12)]
    began = time.monotonic()
    wait_until_active(Told("", "unconfigured", *steps, "active"), detector)
    assert time.monotonic() - began > 2 * PATIENCE_S


def test_one_that_stands_still_is_given_up_with_what_it_said_last(detector):
    with pytest.raises(NodeError, match=r"says nothing but `opening people\.bundle`: .*log"):
        wait_until_active(Told("unconfigured", "opening people.bundle"), detector)
    with pytest.raises(NodeError, match="has said nothing for"):
        wait_until_active(Told(""), detector)


@pytest.mark.parametrize("remaining_s", [None, 0.0])
def test_a_build_of_which_no_end_can_be_told_still_says_something_new(remaining_s):
    def said(seconds):
        def build(on_build):
            on_build(BuildStatus("tactics", 0.012, seconds, remaining_s))
            raise NodeError("that is enough")

        load = Load("people.bundle", build)
        assert load.done.wait(5)
        return str(load)

    assert said(70.0) == "people.bundle (building its engine, 1%, for 70 s now)"
    assert said(71.0) == "people.bundle (building its engine, 1%, for 71 s now)"
