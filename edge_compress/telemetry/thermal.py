"""How warm the machine's zones are."""

from __future__ import annotations

from pathlib import Path

from edge_compress.telemetry.sysfs import read_int, read_text

# A zone whose part is switched off reports -256 °C on some boards.
_COLDEST_SENSIBLE = -60.0
# Under JetPack 4 this zone says 100 °C whatever the weather.
_MADE_UP = "PMIC-Die"


def read(root: Path = Path("/")) -> dict[str, float]:
    """Return °C by thermal zone; a zone that cannot be read is left out.

    Args:
        root: where ``/sys`` is looked for.
    """
    celsius: dict[str, float] = {}
    zones = (root / "sys/devices/virtual/thermal").glob("thermal_zone*")
    for zone in sorted(zones, key=lambda z: (len(z.name), z.name)):
        millidegrees = read_int(zone / "temp")
        if millidegrees is None or millidegrees / 1000 < _COLDEST_SENSIBLE:
            continue
        name = read_text(zone / "type") or zone.name
        if name == _MADE_UP:
            continue
        # Several zones may be of one type: all are kept, told apart by their number.
        celsius[name if name not in celsius else f"{name} {zone.name}"] = millidegrees / 1000
    return celsius
