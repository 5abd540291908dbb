"""Whether the kernel holds the CPU or GPU back because the machine is hot.

Source: the Linux kernel, Documentation/driver-api/thermal/sysfs-api.rst.
"""

from __future__ import annotations

from pathlib import Path

from edge_compress.telemetry.sysfs import read_int, read_text

# What is slowed down to cool; a fan is a cooling device too, but costs no speed. Kernels name them
# thermal-cpufreq-0 or cpufreq-cpu0, thermal-devfreq-0 or devfreq-17000000.gpu; Processor is ACPI's.
_SLOWED = ("cpufreq", "devfreq", "Processor")


def states(root: Path = Path("/")) -> dict[str, bool]:
    """Return for each kind of part that can be slowed down whether it is now.

    Args:
        root: where ``/sys`` is looked for.
    """
    slowed: dict[str, bool] = {}
    for device in (root / "sys/devices/virtual/thermal").glob("cooling_device*"):
        kind = read_text(device / "type") or ""
        state = read_int(device / "cur_state")
        if state is None or not kind.removeprefix("thermal-").startswith(_SLOWED):
            continue
        part = "GPU or memory" if "devfreq" in kind else "CPU"
        cause = f"{part} slowed by heat"
        slowed[cause] = slowed.get(cause, False) or state > 0
    return slowed
