"""Running average power limit: the energy counters of Intel and AMD CPUs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from edge_compress.telemetry.sysfs import read_int, read_text


class Rapl:
    """One domain, such as ``package-0`` or ``package-0/core``.

    Attributes:
        name: of the domain, and of its rail.
    """

    def __init__(
        self, name: str, folder: Path, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start counting.

        Args:
            name: of the domain.
            folder: ``/sys/class/powercap/intel-rapl:N``.
            clock: seconds; never goes back.
        """
        self.name = name
        self._folder = folder
        self._clock = clock
        self._last = self._energy()

    def read(self) -> dict[str, float]:
        """Return the mean watts since the last read; empty when the counter cannot be read."""
        before, self._last = self._last, self._energy()
        if before is None or self._last is None:
            return {}
        if before[1] == self._last[1] == 0:
            return {}  # firmware that has the domain, but does not count in it
        seconds = self._last[0] - before[0]
        microjoules = self._last[1] - before[1]
        if microjoules < 0:
            # The counter starts again at 0 after its largest value: every minute or so under load.
            largest = read_int(self._folder / "max_energy_range_uj")
            if largest is None:
                return {}
            microjoules += largest
        if seconds <= 0 or microjoules < 0:
            return {}
        return {self.name: microjoules / seconds / 1e6}

    @property
    def readable(self) -> bool:
        """Whether the counter could be read; since Linux 5.10 only root may."""
        return self._last is not None

    @property
    def counting(self) -> bool:
        """Whether the firmware counts in it: it may have a domain, such as psys, in name only."""
        return self._last is not None and self._last[1] > 0

    def _energy(self) -> tuple[float, int] | None:
        energy = read_int(self._folder / "energy_uj")
        return None if energy is None else (self._clock(), energy)


POWERCAP = "sys/class/powercap"


def find(root: Path, clock: Callable[[], float] = time.monotonic) -> list[Rapl]:
    """Return the domains that can be read."""
    powercap = root / POWERCAP
    domains = []
    for folder in sorted(powercap.glob("intel-rapl:*")):
        name = read_text(folder / "name") or folder.name
        # intel-rapl:0:1 is a part of intel-rapl:0 and is named with it.
        parent, _, _ = folder.name.rpartition(":")
        if parent != "intel-rapl":
            name = f"{read_text(powercap / parent / 'name') or parent}/{name}"
        domain = Rapl(name, folder, clock)
        if domain.readable:
            domains.append(domain)
    return domains
