"""Jetson's INA3221 power monitors under JetPack 4, whose kernel has them as iio devices.

Source: Jetson Linux Developer Guide R32, "Clock Frequency and Power Management".
"""

from __future__ import annotations

from pathlib import Path

from edge_compress.telemetry.sysfs import read_int, read_text

_CHANNELS = (0, 1, 2)


class Ina3221Iio:
    """One chip with three rails.

    Attributes:
        name: the chip's place on its bus, such as ``7-0040``.
    """

    def __init__(self, name: str, device: Path) -> None:
        """Read the chip whose iio folder this is."""
        self.name = name
        self._device = device

    def read(self) -> dict[str, float]:
        """Return the watts of each rail by its name; a rail that cannot be read is left out."""
        watts = {}
        for channel in _CHANNELS:
            rail = read_text(self._device / f"rail_name_{channel}")
            milliwatts = read_int(self._device / f"in_power{channel}_input")
            if rail and rail != "NC" and milliwatts is not None:
                watts[rail] = milliwatts / 1000
        return watts


def find(root: Path) -> list[Ina3221Iio]:
    """Return the chips on this machine's I2C buses."""
    # TX1's older kernel calls the folder iio_device.
    names = sorted((root / "sys/bus/i2c/devices").glob("*/iio[:_]device*/rail_name_0"))
    return [Ina3221Iio(name.parent.parent.name, name.parent) for name in names]
