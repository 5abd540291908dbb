"""Room in /dev/shm, and what killed nodes left there."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys

import pytest

from edge_compress.doctor import shared_memory
from edge_compress.doctor.sizes import MIB

HOLD = "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX); print(); input()"


def space(total, free):
    return lambda folder: (total * MIB, (total - free) * MIB, free * MIB)


@pytest.mark.parametrize(
    ("total", "free", "level"),
    [(8000, 7000, "OK"), (64, 60, "WARN"), (64, 10, "ERROR"), (8000, 1, "ERROR")],
)
def test_docker_gives_little(machine, levels, total, free, level):
    findings = shared_memory.look(machine(), space(total, free))
    assert levels(findings)["shared memory"] == level
    assert ("--shm-size" in findings[0].remedy) == (level != "OK")


def test_none_at_all_is_an_error(machine, tmp_path):
    host = machine()
    (tmp_path / "dev/shm/.keep").unlink()
    (tmp_path / "dev/shm").rmdir()
    (found,) = shared_memory.look(host, space(8000, 7000))
    assert found.level == "ERROR"


def segment(folder, name, size):
    (folder / name).write_bytes(bytes(size))
    (folder / f"{name}_el").touch()
    return folder / f"{name}_el"


@pytest.mark.parametrize("product", ["fastrtps", "fastdds"])
def test_what_a_killed_node_left_is_told_from_what_is_in_use(machine, tmp_path, product):
    host, folder = machine(), tmp_path / "dev/shm"
    segment(folder, f"{product}_0123456789abcdef", 3 * MIB)
    segment(folder, f"{product}_port7412", 1 * MIB)
    used = segment(folder, f"{product}_fedcba9876543210", 5 * MIB)
    (folder / "sem.other_program").write_bytes(bytes(100))
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(used)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        holder.stdout.readline()
        found = shared_memory.segments(folder)
        assert (found.left, found.left_count) == (4 * MIB, 2)
        assert found.others == frozenset()
        few = shared_memory.look(host, space(8000, 7000))[-1]
        many = shared_memory.look(host, space(32, 32))[-1]
        holder.communicate(b"\n")
    assert (few.what, few.level, many.level) == ("left in shared memory", "OK", "WARN")
    assert "4 MiB" in few.found
    assert "while no node runs" in few.remedy
    assert shared_memory.segments(folder).left_count == 3  # its lock went with it


def test_looking_leaves_locks_and_files_as_they_were(machine, tmp_path):
    machine()
    lock = segment(tmp_path / "dev/shm", "fastdds_0123456789abcdef", 10)
    shared_memory.segments(tmp_path / "dev/shm")
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run as somebody else")
def test_nodes_of_another_user_are_a_warning(machine, tmp_path):
    machine()
    folder = tmp_path / "dev/shm"
    lock = segment(folder, "fastdds_0123456789abcdef", 10)
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        code = (
            "import os\n"
            "from pathlib import Path\n"
            "from edge_compress.doctor import shared_memory\n"
            "os.setuid(65534)\n"
            "found = shared_memory.segments(Path())\n"
            "print(sorted(found.others), found.left_count)\n"
            "print([f.level for f in shared_memory._contents(found, 10**9)])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
        )
    assert done.stdout.splitlines() == ["['root'] 0", "['WARN']"]
