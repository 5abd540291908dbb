"""What this machine can say of its power: probed, never assumed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from edge_compress.telemetry import ina238, ina3221, ina3221_iio, nvml, rapl

# One rail that carries the whole module or platform, where a board has such a rail; the widest
# first: Thor's input has the carrier board in it. POM_5V_IN is Jetson Nano's.
_WHOLE = (ina238.INPUT_RAIL, "VDD_IN", "POM_5V_IN", "psys")
# AGX Orin: "VDDQ_VDD2_1V8AO power is also included in VIN_SYS_5V0 power" (Jetson Linux Developer
# Guide, Platform Power and Performance).
_MEMORY, _FEEDS_MEMORY = "VDDQ_VDD2_1V8AO", "VIN_SYS_5V0"


class PowerSource(Protocol):
    """Something that measures one or more rails."""

    name: str

    def read(self) -> dict[str, float]:
        """Return watts by rail; what cannot be read is left out, never 0."""
        ...


def probe(
    root: Path = Path("/"),
    clock: Callable[[], float] = time.monotonic,
    gpus: Sequence[PowerSource] | None = None,
) -> list[PowerSource]:
    """Return the sources that give a reading on this machine; often there is none.

    Args:
        root: where ``/sys`` is looked for.
        clock: seconds, for counters that give energy.
        gpus: those that have a meter of their own; None for what NVML finds, which knows this
            machine only, so that it is not asked when `root` is another folder.
    """
    chips: list[PowerSource] = [
        *ina238.find(root),
        *ina3221.find(root),
        *ina3221_iio.find(root),
    ]
    sources = [chip for chip in chips if chip.read()]
    if not sources:
        # The rails of a Jetson hold its GPU already.
        if gpus is None:
            gpus = nvml.find()[0] if root == Path("/") else []
        sources.extend(gpu for gpu in gpus if gpu.read())
    sources.extend(rapl.find(root, clock))
    return sources


def read_rails(sources: Iterable[PowerSource]) -> dict[str, float]:
    """Return watts by rail of all sources; of rails with one name the first is kept."""
    rails: dict[str, float] = {}
    for source in sources:
        for rail, watts in source.read().items():
            rails.setdefault(rail, watts)
    return rails


def counted(rails: Mapping[str, float]) -> tuple[str, ...]:
    """Return the rails that make up the draw of the module or CPU, none of them twice.

    A rail that carries everything is taken alone. Else the others are added up, without the parts
    of a RAPL package, which the package holds already. Memory is beside the package, not in it; on
    AGX Orin it is in the 5 V rail. On AGX Orin and AGX Xavier the sum leaves the carrier board out:
    it has no rail for it.
    """
    for rail in _WHOLE:
        if rail in rails:
            return (rail,)
    return tuple(
        rail
        for rail in rails
        if ("/" not in rail or rail.endswith("/dram"))
        and not (rail == _MEMORY and _FEEDS_MEMORY in rails)
    )


def total_watts(rails: Mapping[str, float]) -> float | None:
    """Return the draw of the `counted` rails, or None when nothing can be read."""
    parts = counted(rails)
    return sum(rails[rail] for rail in parts) if parts else None
