"""What this machine can say of its power: probed, never assumed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol

from edge_compress.telemetry import ina3221, rapl

# One rail that carries the whole module or platform, where a board has such a rail.
_WHOLE = ("VDD_IN", "psys")


class PowerSource(Protocol):
    """Something that measures one or more rails."""

    name: str

    def read(self) -> dict[str, float]:
        """Return watts by rail; what cannot be read is left out, never 0."""
        ...


def probe(root: Path = Path("/"), clock: Callable[[], float] = time.monotonic) -> list[PowerSource]:
    """Return the sources that give a reading on this machine; often there is none.

    Args:
        root: where ``/sys`` is looked for.
        clock: seconds, for counters that give energy.
    """
    sources: list[PowerSource] = [chip for chip in ina3221.find(root) if chip.read()]
    sources.extend(rapl.find(root, clock))
    return sources


def read_rails(sources: Iterable[PowerSource]) -> dict[str, float]:
    """Return watts by rail of all sources; of rails with one name the first is kept."""
    rails: dict[str, float] = {}
    for source in sources:
        for rail, watts in source.read().items():
            rails.setdefault(rail, watts)
    return rails


def total_watts(rails: Mapping[str, float]) -> float | None:
    """Return the draw of the module or CPU, or None when nothing can be read.

    A rail that carries everything is taken alone. Else the others are added up, without the parts
    of a RAPL package, which the package holds already. Memory is beside the package, not in it. On
    AGX Orin the sum leaves the carrier board out: it has no rail for it.
    """
    for rail in _WHOLE:
        if rail in rails:
            return rails[rail]
    parts = [w for rail, w in rails.items() if "/" not in rail or rail.endswith("/dram")]
    return sum(parts) if parts else None
