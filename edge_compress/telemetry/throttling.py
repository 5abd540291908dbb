"""Whether the machine is held back by heat or supply, and how often it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from edge_compress.telemetry import cooling, cpu_heat, raspberry_pi, soctherm
from edge_compress.telemetry.nvml import NvmlGpu


@dataclass(frozen=True)
class Throttling:
    """What was seen since the last reading, and since the first.

    Attributes:
        active: the causes that hold the machine back now, or did since the last reading.
        events: how often each cause came up since the first reading; 0 for one that is watched and
            did not.
    """

    active: tuple[str, ...]
    events: Mapping[str, int]


class ThrottleWatch:
    """Turns counters that run since boot, and states that hold now, into events.

    A state that comes and goes between two readings is not seen; a counter's event always is.
    """

    def __init__(self, root: Path = Path("/"), gpus: Iterable[NvmlGpu] = ()) -> None:
        """Begin to watch; what was before does not count.

        Args:
            root: where ``/sys`` is looked for.
            gpus: those that NVML tells of.
        """
        self._counters: tuple[Callable[[Path], dict[str, int]], ...] = (
            soctherm.counters,
            cpu_heat.counters,
        )
        self._states: tuple[Callable[[Path], dict[str, bool]], ...] = (
            raspberry_pi.states,
            cooling.states,
        )
        self._root = root
        self._gpus = tuple(gpus)
        self._events: Counter[str] = Counter()
        self._counts: dict[str, int] = {}
        self._held: dict[str, bool] = {}
        self.read()

    def read(self) -> Throttling | None:
        """Return what there is to tell, or None where nothing tells it."""
        counts = {k: v for read in self._counters for k, v in read(self._root).items()}
        held = {k: v for read in self._states for k, v in read(self._root).items()}
        for gpu in self._gpus:
            for cause, state in gpu.states().items():
                held[cause] = held.get(cause, False) or state
        if not counts and not held:
            return None
        # A counter that went back belongs to a driver that was loaded anew.
        new = {k: max(0, v - self._counts.get(k, v)) for k, v in counts.items()}
        active = [k for k, events in new.items() if events] + [k for k, on in held.items() if on]
        self._events.update(new)
        # What is so from the beginning is no event that was seen to come.
        self._events.update({k: int(on and not self._held.get(k, on)) for k, on in held.items()})
        self._counts |= counts
        self._held |= held
        return Throttling(active=tuple(dict.fromkeys(active)), events=dict(self._events))
