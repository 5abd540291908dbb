"""Reading single values from /sys and /proc."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def read_text(path: Path) -> str | None:
    """Return a file's text without white space around it, or None when it cannot be read.

    Sensor files exist and still answer EAGAIN, EIO or EACCES: absent is all that can be said then.
    """
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def read_int(path: Path, base: int = 10) -> int | None:
    """Return a file's integer, or None when it cannot be read or is none."""
    text = read_text(path)
    try:
        return int(text, base) if text is not None else None
    except ValueError:
        return None


def fault(path: Path) -> str | None:
    """Return in the system's words why a file cannot be read, or None when it can be."""
    try:
        path.read_bytes()
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return None


def hwmons(root: Path, driver: str) -> Iterator[Path]:
    """Yield the hwmon folders of a driver; their numbers move from boot to boot.

    Args:
        root: where ``/sys`` is looked for.
        driver: what the folder's ``name`` says, such as ``soctherm_oc``.
    """
    for name in sorted((root / "sys/class/hwmon").glob("hwmon*/name")):
        if read_text(name) == driver:
            yield name.parent


def i2c_hwmons(root: Path, chip: str) -> Iterator[tuple[str, Path]]:
    """Yield the place on its bus, such as ``1-0040``, and the hwmon folder of each I2C chip.

    Args:
        root: where ``/sys`` is looked for.
        chip: what the device's ``name`` says, such as ``ina3221``.
    """
    for name in sorted((root / "sys/bus/i2c/devices").glob("*/name")):
        if read_text(name) == chip:
            for hwmon in sorted((name.parent / "hwmon").glob("hwmon*")):
                yield name.parent.name, hwmon
