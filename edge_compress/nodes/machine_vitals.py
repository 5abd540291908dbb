"""What a detector knows of its machine, read in a thread of its own."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge_compress.telemetry.levels import Figures, Judge, Level, Verdict
from edge_compress.telemetry.machine import Machine, Reading
from edge_compress.telemetry.thresholds import Thresholds

_CLOSE_S = 1.0  # a sensor that does not answer must not keep the node from ending


@dataclass(frozen=True)
class _Told:
    """One reading, and what was made of it."""

    at_s: float
    reading: Reading
    inference_cpu_percent: float | None
    verdicts: tuple[Verdict, ...]


class MachineVitals:
    """Reads power, heat and load again and again.

    In a thread of its own: an I2C chip or a driver may take its time to answer, and frames must
    not wait for it.

    Attributes:
        problem: why the last reading failed; empty when it did not.
    """

    def __init__(
        self,
        period_s: float,
        thresholds: Thresholds | None = None,
        *,
        root: Path = Path("/"),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin to read.

        Args:
            period_s: seconds between two readings.
            thresholds: from where on a figure is bad; None for the defaults.
            root: where ``/sys``, ``/proc``, ``/etc`` and ``/var`` are looked for.
            clock: seconds; never goes back.
        """
        self.problem = ""
        self._period_s = period_s
        self._root = root
        self._clock = clock
        self._lock = threading.Lock()
        self._inferences = 0
        self._inference_cpu_s = 0.0
        self._told: _Told | None = None
        self._started_s = clock()
        self._ended = threading.Event()
        self._thresholds: Thresholds | None = None
        self.judge_by(thresholds or Thresholds())
        self._thread = threading.Thread(target=self._read_on, name="machine", daemon=True)
        self._thread.start()

    def judge_by(self, thresholds: Thresholds) -> None:
        """Judge by other thresholds from the next reading on."""
        if thresholds == self._thresholds:
            return  # what is held in sight stays there
        self._thresholds = thresholds
        self._stale_s = max(thresholds.stale_s, 3 * self._period_s) if thresholds.stale_s else 0.0
        self._judge = Judge(thresholds)

    def on_inference(self, cpu_s: float) -> None:
        """Count one inference, and the seconds of CPU that it took."""
        with self._lock:
            self._inferences += 1
            self._inference_cpu_s += cpu_s

    @property
    def reading(self) -> Reading | None:
        """The newest reading; None before the first, and while a sensor hangs."""
        told = self._told
        return told.reading if told is not None and not self._silent_for() else None

    @property
    def inference_cpu_percent(self) -> float | None:
        """What inference took of one core between the last two readings."""
        return self._told.inference_cpu_percent if self._told is not None else None

    @property
    def watts(self) -> float | None:
        """The draw, or None where it cannot be read."""
        reading = self.reading
        return reading.power_w if reading is not None else None

    @property
    def throttled(self) -> bool:
        """Whether the machine held itself back at the newest reading, or since the one before."""
        reading = self.reading
        return reading is not None and bool(reading.throttling and reading.throttling.active)

    def verdicts(self) -> tuple[Verdict, ...]:
        """Judge temperature and throttling, and whether the machine still answers."""
        silent_s = self._silent_for()
        if silent_s:
            message = f"sensors have not answered for {silent_s:.0f} s"
            return (Verdict("sensors", Level.STALE, message),)
        return self._told.verdicts if self._told is not None else ()

    def close(self) -> None:
        """Read no more."""
        self._ended.set()
        self._thread.join(_CLOSE_S)

    def _silent_for(self) -> float:
        """For how many seconds a sensor has hung; 0 when none does.

        Nothing that was told before is true any more then.
        """
        told = self._told
        age_s = self._clock() - (told.at_s if told is not None else self._started_s)
        return age_s if self._stale_s and age_s > self._stale_s else 0.0

    def _read_on(self) -> None:
        machine: Machine | None = None
        before = (self._clock(), 0.0)
        while not self._ended.is_set():
            try:
                if machine is None:
                    machine = Machine(self._root, self._clock, pid=os.getpid())
                else:
                    before = self._read(machine, before)
                self.problem = ""
            except Exception as error:  # noqa: BLE001 - whatever a driver does, the node goes on
                self.problem = f"{type(error).__name__}: {error}"
            self._ended.wait(self._period_s)

    def _read(self, machine: Machine, before: tuple[float, float]) -> tuple[float, float]:
        with self._lock:
            inferences, inference_cpu_s = self._inferences, self._inference_cpu_s
        now = self._clock()
        reading = machine.read(inferences)
        throttled = reading.throttling.active if reading.throttling is not None else None
        figures = Figures(celsius=reading.celsius, throttled=throttled)
        seconds = now - before[0]
        share = (inference_cpu_s - before[1]) / seconds * 100 if seconds > 0 else None
        verdicts = tuple(self._judge.judge(now, figures))
        self._told = _Told(self._clock(), reading, share, verdicts)
        return now, inference_cpu_s
