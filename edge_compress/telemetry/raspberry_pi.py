"""What a Raspberry Pi tells of itself: whether its firmware holds it back, and why.

The power of a Pi 5's rails is not in sysfs: only ``vcgencmd pmic_read_adc`` tells it, and not that
of the whole board.

Sources: vcgencmd(1) for the flags; the Linux kernel, Documentation/hwmon/raspberrypi-hwmon.rst.
"""

from __future__ import annotations

from pathlib import Path

from edge_compress.telemetry.sysfs import hwmons, read_int, read_text

VOLTAGE_DRIVER = "rpi_volt"
UNDER_VOLTAGE = "under-voltage"
# Bits 16 to 19 say the same of the time since boot, or since the driver last cleared them.
_FLAGS = {
    0: UNDER_VOLTAGE,
    1: "frequency capped",
    2: "throttled",
    3: "soft temperature limit",
}


def is_one(root: Path = Path("/")) -> bool:
    """Return whether this machine is a Raspberry Pi.

    Args:
        root: where ``/proc`` is looked for.
    """
    return (read_text(root / "proc/device-tree/model") or "").startswith("Raspberry Pi")


def states(root: Path = Path("/")) -> dict[str, bool]:
    """Return by cause whether the board is held back now; empty where nothing tells it.

    Args:
        root: where ``/sys`` is looked for.
    """
    held: dict[str, bool] = {}
    # Only Raspberry Pi's own kernel has the flags; the node's name has an address on a Pi 5.
    for path in sorted((root / "sys/devices/platform").glob("soc*/*:firmware/get_throttled")):
        flags = read_int(path, 16)
        if flags is not None:
            held = {cause: bool(flags >> bit & 1) for bit, cause in _FLAGS.items()}
    for hwmon in hwmons(root, VOLTAGE_DRIVER):
        alarm = read_int(hwmon / "in0_lcrit_alarm")
        if alarm is not None:
            held[UNDER_VOLTAGE] = held.get(UNDER_VOLTAGE, False) or alarm != 0
    return held
