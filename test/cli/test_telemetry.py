"""`edge_compress telemetry`, in a process of its own, on small trees."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys

import pytest

COMMAND = [sys.executable, "-m", "edge_compress.cli.main", "telemetry"]

ORIN_NANO = {
    "proc/device-tree/model": "NVIDIA Jetson Orin Nano Developer Kit\0",
    "sys/bus/i2c/devices/1-0040/name": "ina3221",
    "sys/bus/i2c/devices/1-0040/hwmon/hwmon1/in1_label": "VDD_IN",
    "sys/bus/i2c/devices/1-0040/hwmon/hwmon1/in1_input": "5000",
    "sys/bus/i2c/devices/1-0040/hwmon/hwmon1/curr1_input": "1400",
    "sys/devices/virtual/thermal/thermal_zone0/type": "tj-thermal",
    "sys/devices/virtual/thermal/thermal_zone0/temp": "97500",
    "sys/devices/virtual/thermal/cooling_device0/type": "cpufreq-cpu0",
    "sys/devices/virtual/thermal/cooling_device0/cur_state": "3",
}
RAIL = "sys/bus/i2c/devices/1-0040/hwmon/hwmon1/in1_label"


@pytest.fixture
def orin(tmp_path):
    for name, text in ORIN_NANO.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return tmp_path


def run(*arguments):
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"COLUMNS": "100"},
    )


def test_json_has_one_reading_a_line_and_nothing_that_is_not_known(orin):
    done = run("--json", "--count", 3, "--period", 0.05, "--root", orin)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    first, _, last = map(json.loads, done.stdout.splitlines())
    assert last["rails_w"] == {"VDD_IN": 7.0}
    assert last["power_w"] == 7.0
    assert last["power_of"] == ["VDD_IN"]
    assert last["celsius"] == {"tj-thermal": 97.5}
    assert last["throttling"]["active"] == ["CPU slowed by heat"]
    assert last["levels"]["temperature"]["level"] == "ERROR"
    assert last["levels"]["throttling"]["level"] == "WARN"
    assert last["seconds"] > first["seconds"] > 0
    assert last["energy_j"] > 0
    assert last["wh_per_hour"] == 7.0
    for unknown in ("batteries", "gpu_percent", "cpu_percent", "memory", "process", "power_mode"):
        assert unknown not in last


def test_a_table_of_what_is_known(orin):
    done = run("--count", 1, "--period", 0.05, "--root", orin)
    assert done.returncode == 0, done.stderr
    rows = {re.split(r"\s{2,}", line)[0]: line for line in done.stdout.splitlines()}
    assert "NVIDIA Jetson Orin Nano Developer Kit" in done.stdout
    assert "7.00 W (VDD_IN)" in rows["power"]
    assert rows["temperature"].rstrip().endswith("ERROR")
    assert rows["throttling"].rstrip().endswith("WARN")
    assert "found: INA3221, thermal zones, cooling devices" in done.stdout
    assert "not on this machine:" in done.stdout
    assert "memory" not in rows


@pytest.mark.parametrize("asked", [("--count", 1, "--period", 0.05), ("--sources",)])
def test_a_name_with_brackets_is_shown_as_it_is(orin, asked):
    (orin / RAIL).write_text("VDD[/cpu]\n")
    done = run(*asked, "--root", orin)
    assert done.returncode == 0, done.stderr
    assert "VDD[/cpu]" in done.stdout


def test_power_that_cannot_be_read_is_said_and_not_shown_as_0(tmp_path):
    (tmp_path / "sys").mkdir()
    done = run("--count", 1, "--period", 0.05, "--root", tmp_path)
    assert "cannot be read here (why: --sources)" in done.stdout
    assert " W" not in done.stdout
    assert "found: nothing but CPU load and memory" in done.stdout


def test_the_sources_with_their_reasons(orin):
    done = run("--sources", "--root", orin)
    assert done.returncode == 0
    lines = [line for line in done.stdout.splitlines() if "found" in line]
    assert lines[0].startswith("INA3221")
    assert "VDD_IN" in lines[0]
    assert "nothing under /sys/class/powercap" in done.stdout
    listed = json.loads(run("--sources", "--json", "--root", orin).stdout)
    rapl = next(source for source in listed if source["name"] == "RAPL")
    assert rapl["state"] == "absent"


def test_a_process_can_be_watched():
    done = run("--json", "--count", 1, "--period", 0.2, "--pid", os.getpid())
    reading = json.loads(done.stdout)
    assert reading["process"]["memory_bytes"] > 1e6
    assert reading["process"]["cpu_percent"] >= 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--root", "/nowhere"], "--root /nowhere: there is no folder `sys` in it"),
        (["--pid", 2**22], f"--pid {2**22}: there is no such process"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(arguments, message):
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stderr == f"edge_compress: error: {message}\n"


@pytest.mark.parametrize("period", ["0", "-1", "nan", "soon"])
def test_a_period_that_is_none_is_refused(period):
    done = run(f"--period={period}")
    assert done.returncode == 2
    assert "--period: must be" in done.stderr


def test_ctrl_c_is_the_usual_end(orin):
    """On a terminal, where the table is drawn again and again."""
    screen, terminal = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "--period", "0.05", "--root", str(orin)],
        stdout=terminal,
        stderr=subprocess.PIPE,
        env=os.environ | {"TERM": "xterm"},
    )
    os.close(terminal)
    shown = b""
    while shown.count(b"7.00 W") < 3:
        shown += os.read(screen, 4096)
    process.send_signal(signal.SIGINT)
    while process.poll() is None or b"\x1b[?25h" not in shown:
        try:
            shown += os.read(screen, 4096)
        except OSError:  # the terminal is closed on the other side
            break
    _, errors = process.communicate(timeout=60)
    os.close(screen)
    assert process.returncode == 0
    assert errors == b""
    assert shown.rstrip().endswith(b"\x1b[?25h")  # the cursor is back


def test_a_reader_that_leaves_ends_it():
    process = subprocess.Popen(
        [*COMMAND, "--json", "--period", "0.05"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=60) == 1
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
