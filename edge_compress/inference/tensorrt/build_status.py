"""How far the building of an engine is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

_CERTAIN = 0.05  # of the work: before that its speed says nothing


@dataclass(frozen=True)
class BuildStatus:
    """What a build tells while it goes on.

    Attributes:
        phase: what TensorRT works on, in its own words.
        fraction: done of the outermost phase, 0-1; None where TensorRT does not tell.
        seconds: since the build began.
        remaining_s: estimated seconds to go; None where there is nothing to estimate from.
    """

    phase: str
    fraction: float | None
    seconds: float
    remaining_s: float | None


OnBuild = Callable[[BuildStatus], bool]
"""Called about once a second while an engine is built; what returns False cancels the build."""


@dataclass
class _Phase:
    parent: str | None
    steps: int
    done: int = 0


@dataclass
class Progress:
    """The phases of one build, told from TensorRT's threads and asked from another.

    Attributes:
        earlier_s: how long an earlier build of the same model took; None where there was none.
        cancelled: TensorRT is asked to stop at its next step.
    """

    earlier_s: float | None = None
    cancelled: bool = False
    _phases: dict[str, _Phase] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _start: float = field(default_factory=time.monotonic)

    def begin(self, name: str, parent: str | None, steps: int) -> None:
        """Enter a phase of so many steps, within another or outermost."""
        with self._lock:
            self._phases[name] = _Phase(parent, max(steps, 1))

    def step(self, name: str, step: int) -> None:
        """Note that a step, counted from 0, is done."""
        with self._lock:
            if name in self._phases:
                self._phases[name].done = step + 1

    def end(self, name: str) -> None:
        """Leave a phase."""
        with self._lock:
            self._phases.pop(name, None)

    def status(self) -> BuildStatus:
        """Return how far it is now."""
        seconds = time.monotonic() - self._start
        with self._lock:
            outermost = next((n for n, p in self._phases.items() if p.parent is None), None)
            fraction = None if outermost is None else self._fraction(outermost)
            innermost = next(reversed(self._phases), "")
        return BuildStatus(innermost, fraction, seconds, self._remaining(seconds, fraction))

    def _fraction(self, name: str) -> float:
        phase = self._phases[name]
        within = [self._fraction(n) for n, p in self._phases.items() if p.parent == name]
        return min((phase.done + max(within, default=0.0)) / phase.steps, 1.0)

    def _remaining(self, seconds: float, fraction: float | None) -> float | None:
        if fraction is not None and fraction >= _CERTAIN:
            return seconds * (1 - fraction) / fraction
        if self.earlier_s is not None:
            return max(self.earlier_s - seconds, 0.0)
        return None
