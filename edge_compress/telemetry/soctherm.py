"""How often an Orin slowed itself down because its supply could not follow.

Source: Jetson Linux Developer Guide R36, "Platform Power and Performance"; NVIDIA's driver
tegra23x-oc-event.
"""

from __future__ import annotations

from pathlib import Path

from edge_compress.telemetry.sysfs import hwmons, read_int

DRIVER = "soctherm_oc"
_CAUSES = {1: "under-voltage", 2: "average over-current", 3: "instantaneous over-current"}


def counters(root: Path = Path("/")) -> dict[str, int]:
    """Return the events since boot, by cause; empty where there is no such counter.

    Args:
        root: where ``/sys`` is looked for.
    """
    events = {}
    for hwmon in hwmons(root, DRIVER):
        for number, cause in _CAUSES.items():
            count = read_int(hwmon / f"oc{number}_event_cnt")
            if count is not None:
                events[cause] = count
    return events
