"""`edge_compress doctor`, in a process of its own, on small trees and without ROS."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

# As on a machine where ROS is not installed.
WITHOUT_ROS = """
import sys
sys.modules["rclpy"] = None  # importing it now raises ImportError
from edge_compress.cli.main import main
sys.exit(main(["doctor", *sys.argv[1:]]))
"""

DESKTOP = {
    "dev/shm/.keep": "",
    "proc/sys/net/core/rmem_max": "212992",
    "sys/class/net/lo/flags": "0x9",
}
SOURCED = ("RMW_IMPLEMENTATION", "ROS_DISTRO", "AMENT_PREFIX_PATH", "CYCLONEDDS_URI")


@pytest.fixture
def desktop(tmp_path):
    for name, text in DESKTOP.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return tmp_path


def run(root, *arguments, **environ):
    clean = {name: value for name, value in os.environ.items() if name not in SOURCED}
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_ROS, "--root", str(root), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env=clean | {"COLUMNS": "100", "ROS_DOMAIN_ID": "7"} | environ,
    )


def test_json_has_every_finding_with_level_and_remedy(desktop):
    done = run(desktop, "--json", FASTDDS_BUILTIN_TRANSPORTS="")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    findings = {finding["what"]: finding for finding in told["findings"]}
    assert told["level"] == "WARN"
    assert {"middleware", "shared memory", "clock", "ONNX Runtime", "telemetry", "power"} <= set(
        findings
    )
    for what in ("Fast DDS transports", "kernel receive buffer", "network interfaces", "ROS 2"):
        assert findings[what]["level"] == "WARN"
        assert findings[what]["remedy"]
    assert "rclpy" in findings["ROS 2"]["found"]


def test_the_table_shows_remedies_and_an_error_is_code_1(desktop):
    done = run(desktop, ROS_DOMAIN_ID="999")
    assert done.returncode == 1, done.stderr
    assert "'999' is no domain" in done.stdout
    assert "→ set it to a number from 0 to 101" in done.stdout
    assert "1 errors" in done.stdout


def test_a_topic_that_cannot_be_looked_at_is_an_error(desktop):
    done = run(desktop, "/camera/image_raw", "--json")
    assert done.returncode == 1
    errors = [f for f in json.loads(done.stdout)["findings"] if f["level"] == "ERROR"]
    assert [error["what"] for error in errors] == ["ROS 2"]
    assert "topics were not looked at" in errors[0]["found"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("--seconds", "0"), "between 0.5"), (("--seconds", "soon"), "number of seconds")],
)
def test_bad_arguments_are_refused(desktop, arguments, said):
    done = run(desktop, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_root_without_sys_is_refused(tmp_path):
    done = run(tmp_path)
    assert done.returncode == 2
    assert str(tmp_path) in done.stderr
