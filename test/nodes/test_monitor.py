"""`edge_compress monitor` beside real nodes, each in a process of its own."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time

import pytest

MONITOR = [sys.executable, "-m", "edge_compress.cli.main", "monitor"]
TIMEOUT_S = 40.0


def once(*arguments):
    """Return the exit code and what one picture tells, by name of node."""
    done = subprocess.run(
        [*MONITOR, "--once", "--json", *arguments], capture_output=True, text=True, timeout=60
    )
    assert "Traceback" not in done.stderr
    nodes = json.loads(done.stdout)["nodes"] if done.stdout else []
    return done.returncode, {node["name"]: node for node in nodes}, done.stderr


@pytest.fixture
def flying(start, probe, make_bundle, video):
    """Two robots, of which one has two cameras, but nothing comes from the second."""
    bundle = make_bundle()
    common = {"bundle": bundle, "threads": 1, "providers": "['cpu']", "diagnostics_period_s": 0.2}
    nodes = {
        "one": start("detector", namespace="/m1", **common),
        "two": start("detector", namespace="/m2", cameras="['front', 'left']", **common),
    }
    source = {"source": video, "rate": 20.0, "diagnostics_period_s": 0.2}
    nodes["camera"] = start("camera", namespace="/m1", **source)
    start("camera", namespace="/m2/front", **source)
    for status in ("m1/detector: frames", "m2/detector: front/frames"):
        probe.statuses.pop(status, None)  # of the test before
        probe.until_value(status, lambda values: float(values["processed_rate_hz"]) > 5, status)
    return nodes


@pytest.mark.slow
def test_all_nodes_are_shown_and_one_that_is_killed_falls_silent(flying):
    code, nodes, _ = once("m1", "m2", "--seconds", "10")
    assert set(nodes) == {"m1/detector", "m1/camera", "m2/detector", "m2/front/camera"}
    kinds = {name: node["kind"] for name, node in nodes.items()}
    assert sorted(kinds.values()) == ["camera", "camera", "detector", "detector"]
    one = nodes["m1/detector"]
    assert (one["level"], one["provider"], one["state"]) == ("OK", "cpu", "active")
    assert one["bundle"].endswith("tiny.bundle")
    (stream,) = one["streams"]
    assert stream["rate_hz"] > 5
    assert 0 < stream["latency_p50_ms"] <= stream["latency_p99_ms"]
    assert "drops_per_s" in stream
    front, left = nodes["m2/detector"]["streams"]
    assert (front["camera"], left["camera"]) == ("front", "left")
    assert left["level"] != "OK"
    assert any("m2/left/image_raw" in c["message"] for c in nodes["m2/detector"]["complaints"])
    assert code == (1 if {node["level"] for node in nodes.values()} & {"ERROR", "STALE"} else 0)

    # One that is killed cannot say goodbye. The monitor must have heard it before.
    watching = subprocess.Popen(
        [*MONITOR, "m1", "--json", "--period", "0.5", "--stale", "2"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        both = {"m1/detector", "m1/camera"}
        until(watching, lambda nodes: both <= set(nodes) and not silent(nodes) & both)
        flying["one"].kill()
        # A monitor that is held up itself takes both for silent, for one picture.
        pictures = until(watching, lambda nodes: silent(nodes) & both == {"m1/detector"})
        gone = pictures["m1/detector"]
        assert gone["level"] == "STALE"
        assert "no report for" in gone["message"]
        assert gone["streams"][0]["rate_hz"] > 5  # the last that was known
    finally:
        watching.send_signal(signal.SIGINT)
        assert watching.wait(20) == 0


def silent(nodes):
    return {name for name, node in nodes.items() if node["silent"]}


def until(process, test):
    """Read pictures until one passes."""
    end = time.monotonic() + TIMEOUT_S
    for line in process.stdout:
        nodes = {node["name"]: node for node in json.loads(line)["nodes"]}
        if nodes and test(nodes):
            return nodes
        assert time.monotonic() < end, line
    raise AssertionError(f"the monitor ended with {process.wait()}")


@pytest.mark.slow
def test_on_a_terminal_keys_sort_and_end_it(flying):
    with_terminal, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    before = termios.tcgetattr(terminal)
    process = subprocess.Popen(
        [*MONITOR, "m1", "--period", "0.3"],
        stdin=terminal,
        stdout=terminal,
        stderr=subprocess.PIPE,
        env={**os.environ, "TERM": "xterm"},
    )
    try:
        read_until(with_terminal, b"m1/detector")
        os.write(with_terminal, b"s")
        read_until(with_terminal, b"sorted by level")
        os.write(with_terminal, b"q")
        while process.poll() is None:
            if select.select([with_terminal], [], [], 0.1)[0]:
                os.read(with_terminal, 65536)
        assert process.returncode == 0
        assert process.stderr.read() == b""
        assert termios.tcgetattr(terminal) == before
    finally:
        process.kill()
        os.close(terminal)
        os.close(with_terminal)


def read_until(terminal, wanted):
    seen = b""
    end = time.monotonic() + TIMEOUT_S
    while wanted not in seen:
        assert time.monotonic() < end, seen[-2000:]
        if select.select([terminal], [], [], 0.2)[0]:
            seen += os.read(terminal, 65536)


def test_where_nobody_speaks_one_line_says_so(probe):
    code, nodes, said = once("nobody", "--seconds", "0.5")
    assert (code, nodes) == (2, {})
    assert len(said.splitlines()) == 1
    assert "no node of edge_compress in nobody" in said
    assert f"here {os.environ['ROS_DOMAIN_ID']}" in said


@pytest.mark.slow
def test_two_nodes_of_one_name_are_told_of(probe, start, video):
    source = {"source": video, "rate": 5.0, "diagnostics_period_s": 0.2}
    for _ in range(2):
        start("camera", namespace="/twins", **source)
    probe.until(
        lambda: len(probe.node.get_publishers_info_by_topic("/twins/image_raw")) == 2, "both twins"
    )
    _, nodes, _ = once("twins", "--seconds", "10")
    (twin,) = nodes.values()
    assert twin["namesakes"] == 2
    assert any("2 nodes have this name" in c["message"] for c in twin["complaints"])
