"""In which power mode the machine is: half of a board's speed may hang on it."""

from __future__ import annotations

import re
from pathlib import Path

from edge_compress.telemetry.sysfs import read_text


def read(root: Path = Path("/")) -> str | None:
    """Return what can be read of it, such as ``nvpmodel 2 (15W), schedutil``, or None.

    Args:
        root: where ``/var/lib/nvpmodel`` and ``/etc/nvpmodel.conf`` (Jetson) and ``/sys`` are
            looked for.
    """
    told = []
    # `pmode:0002`, as nvpmodel leaves it for the next boot.
    _, _, mode = (read_text(root / "var/lib/nvpmodel/status") or "").partition("pmode:")
    if mode.strip().isdigit():
        name = _nvpmodel_name(root, int(mode))
        told.append(f"nvpmodel {int(mode)}" + (f" ({name})" if name else ""))
    governor = read_text(root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    if governor:
        told.append(governor)
    return ", ".join(told) or None


def _nvpmodel_name(root: Path, mode: int) -> str | None:
    """Look the mode up: boards number them differently."""
    text = read_text(root / "etc/nvpmodel.conf") or ""
    # < POWER_MODEL ID=2 NAME=MODE_15W >
    found = re.search(rf"^\s*<\s*POWER_MODEL\s+ID={mode}\s+NAME=([^\s>]+)", text, re.MULTILINE)
    return found[1] if found else None
