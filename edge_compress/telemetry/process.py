"""What a process takes of the machine."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from edge_compress.telemetry.sysfs import read_text


class CpuUsage:
    """The share of one core that a process took since the last call."""

    def __init__(
        self,
        root: Path = Path("/"),
        clock: Callable[[], float] = time.monotonic,
        pid: int | None = None,
    ) -> None:
        """Start counting.

        Args:
            root: where ``/proc`` is looked for.
            clock: seconds; never goes back.
            pid: of the process; None for this one.
        """
        self._stat = _folder(root, pid) / "stat"
        self._clock = clock
        self._last = self._seconds()

    def share(self) -> float | None:
        """Return CPU seconds per second: 1.0 is one core busy, 2.0 two; None when unreadable."""
        before, self._last = self._last, self._seconds()
        if before is None or self._last is None or self._last[0] <= before[0]:
            return None
        return (self._last[1] - before[1]) / (self._last[0] - before[0])

    def _seconds(self) -> tuple[float, float] | None:
        """Return the time now and the CPU time of all threads so far, both in seconds."""
        text = read_text(self._stat)
        if text is None:
            return None
        try:
            # The program's name stands in brackets and may itself hold spaces and brackets.
            fields = text.rpartition(")")[2].split()
            ticks = int(fields[11]) + int(fields[12])  # utime, stime
        except (IndexError, ValueError):
            return None
        return self._clock(), ticks / os.sysconf("SC_CLK_TCK")


def memory_bytes(root: Path = Path("/"), pid: int | None = None) -> int | None:
    """Return the resident memory of a process, by default this one, or None when unreadable."""
    text = read_text(_folder(root, pid) / "statm")
    try:
        return int((text or "").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (IndexError, ValueError):
        return None


def _folder(root: Path, pid: int | None) -> Path:
    return root / "proc" / ("self" if pid is None else str(pid))
