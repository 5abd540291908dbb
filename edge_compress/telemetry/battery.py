"""The machine's batteries.

Source: the Linux kernel, Documentation/ABI/testing/sysfs-class-power.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge_compress.telemetry.sysfs import read_int, read_text

DISCHARGING = "Discharging"


@dataclass(frozen=True)
class Battery:
    """What one battery tells; None for what it does not.

    Attributes:
        name: of its folder, such as ``BAT0``.
        status: ``Charging``, ``Discharging``, ``Not charging`` or ``Full``.
        percent: of its capacity, 0 to 100.
        volts: at its terminals.
        watts: that flow in or out, whichever the status says.
        hours_left: until it is empty at this draw; only while it discharges.
    """

    name: str
    status: str | None
    percent: float | None
    volts: float | None
    watts: float | None
    hours_left: float | None


def read(root: Path = Path("/")) -> tuple[Battery, ...]:
    """Return the batteries that feed this machine.

    Args:
        root: where ``/sys`` is looked for.
    """
    folders = sorted((root / "sys/class/power_supply").glob("*"))
    return tuple(_read(folder) for folder in folders if _feeds_the_machine(folder))


def _feeds_the_machine(folder: Path) -> bool:
    # A mouse's battery has the scope Device. Chargers and USB-C ports are of other types.
    return (
        read_text(folder / "type") == "Battery"
        and read_text(folder / "scope") != "Device"
        and read_text(folder / "present") != "0"
    )


def _read(folder: Path) -> Battery:
    status = read_text(folder / "status")
    # All in millionths. Some drivers give a current out of the battery a minus.
    volts = _millionths(folder / "voltage_now")
    amperes = _millionths(folder / "current_now")
    watts = _millionths(folder / "power_now")
    if watts is None and volts is not None and amperes is not None:
        watts = volts * amperes
    left, rate = _millionths(folder / "energy_now"), watts
    if left is None:
        left, rate = _millionths(folder / "charge_now"), amperes
    hours = None
    if status == DISCHARGING:
        # What is empty of readings says 0: a battery that feeds a machine gives more than that.
        watts = watts or None
        hours = left / rate if left is not None and rate else None
    percent = read_int(folder / "capacity")
    return Battery(
        name=folder.name,
        status=status,
        percent=None if percent is None else float(percent),
        volts=volts,
        watts=watts,
        hours_left=hours,
    )


def _millionths(path: Path) -> float | None:
    value = read_int(path)
    return None if value is None else abs(value) / 1e6
