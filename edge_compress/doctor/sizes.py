"""Sizes as DDS implementations write them."""

from __future__ import annotations

import re

MIB = 1 << 20

# Both Fast DDS and Cyclone DDS read MB as 2^20 and are not particular about the i.
_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": MIB, "g": 1 << 30}


def parse_size(text: str) -> int | None:
    """Return the bytes of ``4MB``, ``212992`` or ``10 MiB``; None for what is no size."""
    matched = re.fullmatch(r"(\d+)\s*([kmg]?)i?b?", text.strip().lower())
    return int(matched[1]) * _UNITS[matched[2]] if matched else None


def show(size: float) -> str:
    """Write bytes for people."""
    for unit, name in ((1 << 30, "GiB"), (MIB, "MiB"), (1 << 10, "KiB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size:.0f} bytes"
