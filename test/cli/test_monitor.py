"""`edge_compress monitor` where there is no ROS, and the pictures that it draws."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from rich.console import Console

from edge_compress.cli.monitor_view import picture
from edge_compress.operators.fleet import Fleet
from edge_compress.operators.status import Status
from edge_compress.telemetry.levels import Level

WITHOUT_ROS = """
import sys
sys.modules["rclpy"] = None  # importing it now raises ImportError
from edge_compress.cli.main import main
sys.exit(main(["monitor", *sys.argv[1:]]))
"""


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_ROS, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "COLUMNS": "100"},
    )


def test_without_ros_one_line_says_what_to_do():
    done = run("--once")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "source /opt/ros" in done.stderr
    assert "rclpy" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--period", "0"), "between 0.1"),
        (("--stale", "soon"), "number of seconds"),
        (("--sort", "beauty"), "invalid choice"),
    ],
)
def test_bad_arguments_are_refused(arguments, said):
    done = run(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def status(node, task, level=Level.OK, message="", **values):
    texts = {key: str(value) for key, value in values.items()}
    return Status(level, message, texts, f"{node}: {task}", hardware_id=node)


def hear(fleet, node, level=Level.OK, message="14.9 frames per second"):
    figures = {"processed": 900, "processed_rate_hz": 14.9, "input_rate_hz": 15.0}
    fleet.hear(
        [
            status(node, "state", state="active"),
            status(node, "model", provider="cuda", variant="model.onnx", bundle="/opt/b.bundle"),
            status(node, "frames", level, message, dropped_deadline=7, **figures),
            status(node, "latency", latency_p50_ms=21.25, latency_p99_ms=43.75, age_p50_ms=3.5),
            status(node, "load", power_total_w=6.5, energy_per_inference_mj=120),
            status(node, "heat", temperature_max_c=61.4, throttled=1),
        ],
        0.0,
    )


def drawn(fleet, width, height=40, now=1.0, whole=True):
    console = Console(width=width, height=height, color_system=None)
    with console.capture() as capture:
        console.print(picture(fleet.picture(now), "12:00:00", console.size, whole=whole))
    return capture.get()


def test_narrow_terminals_show_the_most_wanted_columns():
    fleet = Fleet()
    hear(fleet, "robot1/detector", Level.WARN, "frames are lost in transport: set " + 20 * "x y ")
    lines = drawn(fleet, 80).splitlines()
    assert max(len(line.rstrip()) for line in lines) <= 80
    (row,) = (line for line in lines if line.startswith("robot1/detector") and "WARN" in line)
    assert row.split() == ["robot1/detector", "WARN", "14.9", "21.2", "43.8", "-", "6.5", "61"]
    text = " ".join(lines)
    assert "cuda, throttled" in text
    assert "7 deadline" in text
    assert "for 1 s: frames are lost in transport" in text


def test_wide_terminals_show_all_of_them():
    fleet = Fleet()
    hear(fleet, "robot1/detector")
    (row,) = (line for line in drawn(fleet, 140).splitlines() if "14.9" in line)
    figures = ["14.9", "15.0", "21.2", "43.8", "3.5", "-", "7", "6.5", "120", "61"]
    assert row.split() == ["robot1/detector", "OK", *figures]


def test_long_names_stay_whole_in_60_columns():
    fleet = Fleet()
    name = "site_north/robot_number_17/front_camera/detector"
    hear(fleet, name)
    lines = drawn(fleet, 60).splitlines()
    assert max(len(line.rstrip()) for line in lines) <= 60
    table = lines[3 : lines.index("", 3)]
    assert "".join(line.split(" ")[0] for line in table) == name


def test_what_does_not_fit_on_the_screen_is_counted():
    fleet = Fleet()
    for number in range(100):
        hear(fleet, f"robot{number:03}/detector")
    text = drawn(fleet, 80, height=24, whole=False)
    assert "… 82 more" in text
    assert "100 detectors" in text.splitlines()[0]
    assert "robot099" in drawn(fleet, 80, height=24)


def test_on_a_full_screen_the_worst_complaints_keep_their_place():
    fleet = Fleet()
    for number in range(50):
        hear(fleet, f"robot{number:02}/detector", Level.WARN, "too slow")
    hear(fleet, "robot50/detector", Level.ERROR, "no image comes")
    lines = drawn(fleet, 80, height=24, whole=False).splitlines()
    assert "no image comes" in " ".join(lines[:24])
    assert "… 43 more" in lines
    assert "too slow" in drawn(fleet, 80)


def test_text_from_the_network_does_nothing_to_the_terminal():
    fleet = Fleet()
    hear(fleet, "d", Level.ERROR, "\x1b[2Jgone [bold]x[/bold] [/] \r\n\x07")
    text = drawn(fleet, 100)
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "gone [bold]x[/bold] [/]" in text


def test_silence_is_said():
    fleet = Fleet()
    hear(fleet, "d")
    text = " ".join(drawn(fleet, 100, now=600.0).split())
    assert "STALE d for 10 min: silent: no report for 600 s" in text
    assert "no node of edge_compress speaks" in drawn(Fleet(), 80)
