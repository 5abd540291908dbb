"""Progress, estimate and cancelling of a build."""

from __future__ import annotations

import threading

import pytest

from edge_compress.inference.tensorrt.builder import BuildCancelledError
from edge_compress.inference.tensorrt.session import TensorrtSession


@pytest.fixture(autouse=True)
def _often(monkeypatch):
    monkeypatch.setattr("edge_compress.inference.tensorrt.engine._PERIOD", 0.02)


@pytest.fixture
def stepped(machine):
    """Let a build go on only while somebody watches it."""
    looked = threading.Event()

    def step():
        looked.wait()
        looked.clear()

    machine.trt.at_step = step
    return looked


def test_it_tells_how_far_it_is(stepped, opened):
    seen = []

    def watch(status):
        seen.append(status)
        stepped.set()
        return True

    session = TensorrtSession(opened.path, on_build=watch)
    session.close()
    fractions = [status.fraction for status in seen if status.fraction is not None]
    assert fractions == sorted(fractions)
    assert 0 < max(fractions) <= 1
    assert {"Build", "Tactics"} <= {status.phase for status in seen}
    late = [status for status in seen if (status.fraction or 0) >= 0.5]
    assert all(status.remaining_s <= status.seconds for status in late)


def test_it_is_cancelled_between_two_steps(machine, stepped, opened, engines):

    def cancel(_):
        stepped.set()
        return False

    with pytest.raises(BuildCancelledError, match="cancelled"):
        TensorrtSession(opened.path, on_build=cancel)
    assert engines() == []
    machine.trt.at_step = lambda: None
    assert opened() == 2


def test_an_old_tensorrt_finishes_in_the_background(machine, opened, engines):
    machine.install("8.5.3")
    go_on = threading.Event()
    machine.trt.at_step = go_on.wait
    seen = []

    def cancel(status):
        seen.append(status)
        return False

    with pytest.raises(BuildCancelledError, match="cannot stop it"):
        TensorrtSession(opened.path, on_build=cancel)
    assert seen[0].fraction is None
    go_on.set()
    for thread in threading.enumerate():
        if thread.name == "tensorrt-build":
            thread.join()
    assert len(engines()) == 1
    assert opened() == 1


def test_the_time_of_an_earlier_build_is_the_first_estimate(machine, opened):
    opened()
    machine.install("8.6.1")
    go_on = threading.Event()
    machine.trt.at_step = go_on.wait
    seen = []

    def watch(status):
        seen.append(status)
        go_on.set()
        return True

    TensorrtSession(opened.path, on_build=watch)
    assert seen[0].remaining_s is not None


def test_ctrl_c_cancels(machine, opened, engines):
    go_on = threading.Event()
    machine.trt.at_step = go_on.wait

    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        TensorrtSession(opened.path, on_build=interrupt)
    go_on.set()
    for thread in threading.enumerate():
        if thread.name == "tensorrt-build":
            thread.join()
    assert engines() == []
