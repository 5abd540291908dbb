"""INA238 power monitors, by the kernel's hwmon driver; Jetson AGX Thor measures its input so.

Source: the Linux kernel, Documentation/hwmon/ina238.rst.
"""

from __future__ import annotations

from pathlib import Path

from edge_compress.telemetry.sysfs import i2c_hwmons, read_int, read_text

# What a board with one such chip measures by it: all that comes in.
INPUT_RAIL = "VIN"


class Ina238:
    """One chip with one rail.

    Attributes:
        name: the chip's place on its bus, such as ``2-0044``.
    """

    def __init__(self, name: str, rail: str, hwmon: Path) -> None:
        """Read the chip whose hwmon folder this is, and name its rail so."""
        self.name = name
        self._rail = rail
        self._hwmon = hwmon

    def read(self) -> dict[str, float]:
        """Return the watts of the rail; empty when it cannot be read."""
        microwatts = read_int(self._hwmon / "power1_input")
        if microwatts is not None:
            return {self._rail: microwatts / 1e6}
        millivolts = read_int(self._hwmon / "in1_input")  # in0 is the shunt's voltage
        milliamperes = read_int(self._hwmon / "curr1_input")
        if millivolts is None or milliamperes is None:
            return {}
        return {self._rail: millivolts * milliamperes / 1e6}


def find(root: Path) -> list[Ina238]:
    """Return the chips on this machine's I2C buses."""
    chips = list(i2c_hwmons(root, "ina238"))
    found = []
    for place, hwmon in chips:
        unnamed = INPUT_RAIL if len(chips) == 1 else f"{INPUT_RAIL} {place}"
        # The device tree's label; Thor's has none.
        found.append(Ina238(place, read_text(hwmon / "label") or unnamed, hwmon))
    return found
