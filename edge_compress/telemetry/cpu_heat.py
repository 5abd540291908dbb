"""How often an Intel CPU slowed itself down because it was hot.

Source: the Linux kernel, Documentation/ABI/testing/sysfs-devices-system-cpu (thermal_throttle).
"""

from __future__ import annotations

from pathlib import Path

from edge_compress.telemetry.sysfs import read_int


def counters(root: Path = Path("/")) -> dict[str, int]:
    """Return the events since boot, of cores and of packages; empty where there is no counter.

    Args:
        root: where ``/sys`` is looked for.
    """
    cores: dict[tuple[int | None, int | None], int] = {}
    packages: dict[int | None, int] = {}
    for folder in (root / "sys/devices/system/cpu").glob("cpu[0-9]*"):
        # Each thread of a core tells the core's count, and each core that of its package.
        package = read_int(folder / "topology/physical_package_id")
        core = read_int(folder / "topology/core_id")
        count = read_int(folder / "thermal_throttle/core_throttle_count")
        if count is not None:
            cores[package, core] = count
        count = read_int(folder / "thermal_throttle/package_throttle_count")
        if count is not None:
            packages[package] = count
    events = {}
    if cores:
        events["core too hot"] = sum(cores.values())
    if packages:
        events["package too hot"] = sum(packages.values())
    return events
