"""In which power mode the machine is: half of a board's speed may hang on it."""

from __future__ import annotations

from pathlib import Path

from edge_compress.telemetry.sysfs import read_text


def read(root: Path = Path("/")) -> str | None:
    """Return what can be read of it, such as ``nvpmodel 2, schedutil``, or None.

    Args:
        root: where ``/var/lib/nvpmodel`` (Jetson) and ``/sys`` are looked for.
    """
    told = []
    # `pmode:0002`, as nvpmodel leaves it for the next boot.
    _, _, mode = (read_text(root / "var/lib/nvpmodel/status") or "").partition("pmode:")
    if mode.strip().isdigit():
        told.append(f"nvpmodel {int(mode)}")
    governor = read_text(root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    if governor:
        told.append(governor)
    return ", ".join(told) or None
