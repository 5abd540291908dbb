"""How busy the machine's CPU is, and how full its memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge_compress.telemetry.sysfs import read_text


class CpuLoad:
    """The share of all cores together that was busy since the last call."""

    def __init__(self, root: Path = Path("/")) -> None:
        """Start counting.

        Args:
            root: where ``/proc`` is looked for.
        """
        self._stat = root / "proc/stat"
        self._last = self._ticks()

    def percent(self) -> float | None:
        """Return 0 to 100, where 100 is every core busy; None when unreadable."""
        before, self._last = self._last, self._ticks()
        if before is None or self._last is None:
            return None
        busy, total = (new - old for new, old in zip(self._last, before, strict=True))
        return 100 * busy / total if total > 0 else None

    def _ticks(self) -> tuple[int, int] | None:
        """Return the ticks so far in which a core worked, and all."""
        # cpu user nice system idle iowait irq softirq steal guest guest_nice; guest is in user.
        fields = (read_text(self._stat) or "").partition("\n")[0].split()[1:9]
        try:
            ticks = [int(field) for field in fields]
            return sum(ticks) - ticks[3] - ticks[4], sum(ticks)
        except (IndexError, ValueError):
            return None


@dataclass(frozen=True)
class Memory:
    """Bytes of the machine's memory."""

    used: int
    total: int


def memory(root: Path = Path("/")) -> Memory | None:
    """Return how much is in use and cannot be freed at once, or None when unreadable.

    Args:
        root: where ``/proc`` is looked for.
    """
    kilobytes: dict[str, int] = {}
    for line in (read_text(root / "proc/meminfo") or "").splitlines():
        key, _, value = line.partition(":")
        number = value.removesuffix("kB").strip()
        if number.isdigit():
            kilobytes[key] = int(number)
    try:
        total, available = kilobytes["MemTotal"], kilobytes["MemAvailable"]
    except KeyError:
        return None
    return Memory(used=(total - available) * 1024, total=total * 1024)
