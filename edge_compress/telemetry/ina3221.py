"""Jetson's INA3221 power monitors, by the kernel's hwmon driver."""

from __future__ import annotations

from pathlib import Path

from edge_compress.telemetry.sysfs import i2c_hwmons, read_int, read_text

_CHANNELS = (1, 2, 3)


class Ina3221:
    """One chip with three rails.

    Attributes:
        name: the chip's place on its bus, such as ``1-0040``.
    """

    def __init__(self, name: str, hwmon: Path) -> None:
        """Read the chip whose hwmon folder this is."""
        self.name = name
        self._hwmon = hwmon

    def read(self) -> dict[str, float]:
        """Return the watts of each rail by its label; a rail that cannot be read is left out."""
        watts = {}
        for channel in _CHANNELS:
            label = read_text(self._hwmon / f"in{channel}_label")
            # NC: the board does not connect this channel. The shunt sum (channel 7) is no rail.
            if not label or label == "NC":
                continue
            millivolts = read_int(self._hwmon / f"in{channel}_input")
            milliamperes = read_int(self._hwmon / f"curr{channel}_input")
            if millivolts is not None and milliamperes is not None:
                watts[label] = millivolts * milliamperes / 1e6
        return watts


def find(root: Path) -> list[Ina3221]:
    """Return the chips on this machine's I2C buses."""
    return [Ina3221(place, hwmon) for place, hwmon in i2c_hwmons(root, "ina3221")]
