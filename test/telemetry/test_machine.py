"""CPU, memory and heat."""

from __future__ import annotations

import os
import time

import pytest

from edge_compress.telemetry import power_mode, thermal
from edge_compress.telemetry.process import CpuUsage, memory_bytes

TICKS = os.sysconf("SC_CLK_TCK")


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def stat(user, system, name="python3"):
    """The text of /proc/self/stat with these CPU ticks as fields 14 and 15."""
    return f"42 ({name}) S 1 42 42 0 -1 4194304 900 0 0 0 {user} {system} 0 0 20 0 4 0 12345 0"


@pytest.mark.parametrize("name", ["python3", "a b) c (d"])
def test_the_share_of_a_core_since_the_last_call(tmp_path, name):
    now = [0.0]
    put(tmp_path / "proc/self/stat", stat(0, 0, name))
    usage = CpuUsage(tmp_path, clock=lambda: now[0])
    now[0] = 2.0
    put(tmp_path / "proc/self/stat", stat(2 * TICKS, TICKS, name))
    assert usage.share() == pytest.approx(1.5)
    now[0] = 4.0
    assert usage.share() == 0.0


def test_without_proc_the_share_is_absent(tmp_path):
    assert CpuUsage(tmp_path).share() is None
    put(tmp_path / "proc/self/stat", "nonsense")
    assert CpuUsage(tmp_path).share() is None


def test_no_time_in_between_is_absent(tmp_path):
    put(tmp_path / "proc/self/stat", stat(5, 5))
    assert CpuUsage(tmp_path, clock=lambda: 1.0).share() is None


def test_this_process_uses_the_cpu_when_it_works():
    usage = CpuUsage()
    end = time.process_time() + 0.3
    while time.process_time() < end:
        pass
    share = usage.share()
    assert share is not None and share > 0.01


def test_resident_memory(tmp_path):
    put(tmp_path / "proc/self/statm", "5000 1234 200 1 0 900 0\n")
    assert memory_bytes(tmp_path) == 1234 * os.sysconf("SC_PAGE_SIZE")
    held = memory_bytes()
    assert held is not None and held > 1_000_000
    assert memory_bytes(tmp_path / "nowhere") is None


def zone(root, number, kind, millidegrees):
    folder = root / f"sys/devices/virtual/thermal/thermal_zone{number}"
    put(folder / "type", f"{kind}\n")
    if millidegrees is not None:
        put(folder / "temp", f"{millidegrees}\n")
    return folder


def test_zones_in_degrees(tmp_path):
    zone(tmp_path, 0, "cpu-thermal", 51234)
    zone(tmp_path, 1, "gpu-thermal", -1500)
    assert thermal.read(tmp_path) == {"cpu-thermal": 51.234, "gpu-thermal": -1.5}


def test_a_zone_that_cannot_be_read_is_absent(tmp_path):
    zone(tmp_path, 0, "cpu-thermal", 50000)
    (zone(tmp_path, 1, "cv0-thermal", None) / "temp").mkdir()
    zone(tmp_path, 2, "gpu-thermal", -256000)  # switched off
    assert thermal.read(tmp_path) == {"cpu-thermal": 50.0}


def test_zones_of_one_type_are_told_apart(tmp_path):
    for number, value in ((0, 40000), (2, 42000), (10, 50000)):
        zone(tmp_path, number, "acpitz", value)
    assert thermal.read(tmp_path) == {
        "acpitz": 40.0,
        "acpitz thermal_zone2": 42.0,
        "acpitz thermal_zone10": 50.0,
    }


def test_a_machine_without_zones(tmp_path):
    assert thermal.read(tmp_path) == {}


def test_the_power_mode_is_named_where_the_board_names_it(tmp_path):
    assert power_mode.read(tmp_path) is None
    put(tmp_path / "var/lib/nvpmodel/status", "pmode:0002\n")
    assert power_mode.read(tmp_path) == "nvpmodel 2"
    put(
        tmp_path / "etc/nvpmodel.conf",
        "# < POWER_MODEL ID=2 NAME=OLD >\n< POWER_MODEL ID=12 NAME=NO >\n"
        "< POWER_MODEL ID=2 NAME=MAXN_SUPER >\nCPU_ONLINE CORE_0 1\n",
    )
    assert power_mode.read(tmp_path) == "nvpmodel 2 (MAXN_SUPER)"
    put(tmp_path / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "schedutil\n")
    assert power_mode.read(tmp_path) == "nvpmodel 2 (MAXN_SUPER), schedutil"
    put(tmp_path / "var/lib/nvpmodel/status", "pmode:")
    assert power_mode.read(tmp_path) == "schedutil"
