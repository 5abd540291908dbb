"""What this machine calls itself, so that a figure is only trusted where it was measured."""

from __future__ import annotations

import platform
from pathlib import Path


def device_name(root: Path = Path("/")) -> str:
    """Return the board's name where there is one (Jetson, Raspberry Pi), else the CPU's.

    Args:
        root: where ``/proc`` is looked for.
    """
    board = root / "proc/device-tree/model"
    try:
        return board.read_text(encoding="utf-8", errors="replace").rstrip("\0\n ")
    except OSError:
        pass
    try:
        for line in (root / "proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    except OSError:
        pass
    return platform.processor() or platform.machine() or "unknown"
