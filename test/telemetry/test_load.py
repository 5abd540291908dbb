"""Load and memory of the whole machine, and what another process takes."""

from __future__ import annotations

import os

import pytest
from boards import lay

from edge_compress.telemetry.load import CpuLoad, Memory, memory
from edge_compress.telemetry.process import CpuUsage, memory_bytes


def stat(user, system, idle, iowait=0, steal=0, guest=0):
    """The first line of /proc/stat, in ticks."""
    return {"proc/stat": f"cpu  {user} 0 {system} {idle} {iowait} 0 0 {steal} {guest} 0\ncpu0 9 9"}


def test_the_share_of_all_cores_since_the_last_call(tmp_path):
    load = CpuLoad(lay(tmp_path, stat(100, 50, 1000)))
    lay(tmp_path, stat(130, 70, 1040, iowait=10))
    assert load.percent() == pytest.approx(50.0)
    lay(tmp_path, stat(130, 70, 1060, iowait=10))
    assert load.percent() == 0.0


def test_time_of_guests_is_counted_once(tmp_path):
    load = CpuLoad(lay(tmp_path, stat(0, 0, 0)))
    lay(tmp_path, stat(50, 0, 50, guest=50))  # user has the guest's time already
    assert load.percent() == pytest.approx(50.0)


def test_what_cannot_be_told_is_absent(tmp_path):
    assert CpuLoad(tmp_path).percent() is None
    still = CpuLoad(lay(tmp_path, stat(1, 1, 1)))
    assert still.percent() is None  # no tick has passed
    lay(tmp_path, {"proc/stat": "nonsense"})
    assert still.percent() is None
    assert memory(tmp_path) is None


def test_memory_that_caches_take_is_not_in_use(tmp_path):
    text = "MemTotal:       16000 kB\nMemFree: 1000 kB\nMemAvailable: 6000 kB\nHugePages_Total: 0"
    lay(tmp_path, {"proc/meminfo": text})
    assert memory(tmp_path) == Memory(used=10_000 * 1024, total=16_000 * 1024)


def test_another_process_can_be_watched(tmp_path, clock):
    ticks = os.sysconf("SC_CLK_TCK")
    fields = "S 1 1 1 0 -1 0 0 0 0 0 {} 0 0 0 20 0"
    lay(tmp_path, {"proc/77/stat": f"77 (node) {fields.format(0)}", "proc/77/statm": "9 3 0"})
    usage = CpuUsage(tmp_path, clock, pid=77)
    clock.now += 2.0
    lay(tmp_path, {"proc/77/stat": f"77 (node) {fields.format(3 * ticks)}"})
    assert usage.share() == pytest.approx(1.5)
    assert memory_bytes(tmp_path, 77) == 3 * os.sysconf("SC_PAGE_SIZE")
    assert memory_bytes(tmp_path, 78) is None
