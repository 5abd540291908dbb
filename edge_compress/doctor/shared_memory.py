"""Whether there is shared memory for frames, and what dead nodes left in it.

Source: Fast DDS's own `fastdds shm clean`, for the names of its files and for their locks.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edge_compress.doctor.finding import Finding, Level
from edge_compress.doctor.host import Host
from edge_compress.doctor.sizes import MIB, show

# A segment or a port, and a lock that its owner (_el), or each user (_sl), holds while it lives.
# Fast DDS 2 says fastrtps, Fast DDS 3 fastdds.
_LOCK = re.compile(r"((?:fastrtps|fastdds)_(?:[0-9a-z]{16}|port\d{1,5}))_(?:el|sl)")
_WHAT = "shared memory"

_FEW, _FREE_LEAST = 256 * MIB, 32 * MIB
_MANY_LEFT = 0.1  # of the folder: less does no harm

_ENLARGE = "sudo mount -o remount,size=1G /dev/shm; for a container: --shm-size=1g or --ipc=host"
_CLEAN = (
    "while no node runs: fastdds shm clean, or rm /dev/shm/{fastdds,fastrtps}_* "
    "/dev/shm/sem.{fastdds,fastrtps}_*"
)


@dataclass(frozen=True)
class Segments:
    """Fast DDS's files.

    Attributes:
        left: bytes of those whose owners are gone.
        left_count: how many of those there are.
        others: users, not us, whose nodes run now and share memory that we may not write to.
    """

    left: int
    left_count: int
    others: frozenset[str]


def look(
    host: Host, space: Callable[[Path], tuple[int, int, int]] = shutil.disk_usage
) -> list[Finding]:
    """Look at the folder's size and at Fast DDS's files.

    Args:
        host: whose ``/dev/shm`` it is.
        space: returns the bytes of a folder's file system in all, used and free.
    """
    folder = host.root / "dev/shm"
    if not os.access(folder, os.W_OK):
        found = "there is no /dev/shm that can be written to: frames go through the network stack"
        return [Finding(_WHAT, "ERROR", found, "mount -t tmpfs tmpfs /dev/shm")]
    total, _, free = space(folder)
    findings = [_size(total, free)]
    if host.rmw.startswith("rmw_fastrtps"):
        findings += _contents(segments(folder), total)
    return findings


def _size(total: int, free: int) -> Finding:
    found = f"/dev/shm has {show(total)}, {show(free)} of it free"
    if free < _FREE_LEAST:
        return Finding(_WHAT, "ERROR", f"{found}: a node may not start", f"{_CLEAN}; {_ENLARGE}")
    if total < _FEW:
        return Finding(_WHAT, "WARN", f"{found}: little for several cameras", _ENLARGE)
    return Finding(_WHAT, "OK", found)


def _contents(found: Segments, total: int) -> Iterator[Finding]:
    if found.left_count:
        text = f"{found.left_count} files, {show(found.left)}, of nodes that were killed"
        level: Level = "WARN" if found.left > _MANY_LEFT * total else "OK"
        yield Finding("left in shared memory", level, text, _CLEAN)
    if found.others:
        yield Finding(
            "users",
            "WARN",
            f"nodes of {', '.join(sorted(found.others))} run here, too; nodes of different users "
            "cannot use each other's shared memory, and frames between them are lost",
            "run all nodes as one user, or set FASTDDS_BUILTIN_TRANSPORTS=UDPv4 for all",
        )


def segments(folder: Path) -> Segments:
    """Look at each segment and port; nothing is changed."""
    left, count, others = 0, 0, set()
    for path in sorted(folder.iterdir()):
        matched = _LOCK.fullmatch(path.name)
        if matched is None:
            continue
        data = folder / matched[1]
        try:
            owner, size, held = path.stat().st_uid, data.stat().st_size, _held(path)
        except OSError:  # gone meanwhile, or not ours to look at
            continue
        if not held:
            left, count = left + size, count + 1
        elif owner != os.geteuid() and not os.access(data, os.W_OK):
            others.add(_user(owner))
    return Segments(left, count, frozenset(others))


def _held(lock: Path) -> bool:
    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # let go again on close
        except BlockingIOError:
            return True
    return False


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # a container's user
        return f"user {number}"
