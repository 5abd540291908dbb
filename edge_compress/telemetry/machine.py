"""All that can be read of a machine, in one reading."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from edge_compress.telemetry import battery, gpu_load, nvml, power_mode, thermal
from edge_compress.telemetry.battery import Battery
from edge_compress.telemetry.energy import EnergyMeter
from edge_compress.telemetry.load import CpuLoad, Memory, memory
from edge_compress.telemetry.power import counted, probe, read_rails, total_watts
from edge_compress.telemetry.process import CpuUsage, memory_bytes
from edge_compress.telemetry.throttling import ThrottleWatch, Throttling


@dataclass(frozen=True)
class Process:
    """What one process takes.

    Attributes:
        cpu_percent: of one core since the last reading: 200 is two cores busy.
        memory_bytes: resident.
    """

    cpu_percent: float | None
    memory_bytes: int | None


@dataclass(frozen=True)
class Reading:
    """One reading; None, or an empty mapping, for what this machine does not tell.

    Attributes:
        seconds: since the first reading.
        rails_w: watts by rail.
        power_w: of the module, CPU or whatever the `power_of` rails feed.
        power_of: the rails that `power_w` is the sum of.
        energy_j: drawn since the first reading, as far as power could be read.
        wh_per_hour: watt-hours that an hour like the time so far takes.
        energy_per_inference_mj: of all that the rails drew, for each inference made meanwhile.
        celsius: by thermal zone.
        throttling: what holds the machine back.
        gpu_percent: load by GPU.
        cpu_percent: load of all cores together, 0 to 100.
        memory: of the machine.
        process: what the process that was asked for takes.
        batteries: those that feed the machine.
        power_mode: such as ``nvpmodel 0 (MAXN), schedutil``.
    """

    seconds: float
    rails_w: Mapping[str, float]
    power_w: float | None
    power_of: tuple[str, ...]
    energy_j: float | None
    wh_per_hour: float | None
    energy_per_inference_mj: float | None
    celsius: Mapping[str, float]
    throttling: Throttling | None
    gpu_percent: Mapping[str, float]
    cpu_percent: float | None
    memory: Memory | None
    process: Process | None
    batteries: tuple[Battery, ...]
    power_mode: str | None


class Machine:
    """Reads a machine again and again; counters and energy start when it is made."""

    def __init__(
        self,
        root: Path = Path("/"),
        clock: Callable[[], float] = time.monotonic,
        pid: int | None = None,
    ) -> None:
        """Find the sources.

        Args:
            root: where ``/sys``, ``/proc``, ``/etc`` and ``/var`` are looked for.
            clock: seconds; never goes back.
            pid: of a process to watch; None for none.
        """
        self._root = root
        self._clock = clock
        self._pid = pid
        gpus = nvml.find()[0] if root == Path("/") else []
        self._gpus = gpus
        self._power = probe(root, clock, gpus)
        self._throttling = ThrottleWatch(root, gpus)
        self._cpu = CpuLoad(root)
        self._process = None if pid is None else CpuUsage(root, clock, pid)
        self._energy = EnergyMeter()
        self._start = clock()

    def read(self, inferences: int = 0) -> Reading:
        """Read all sources; counters give their mean since the last reading.

        Args:
            inferences: how many the caller has made since its own start.
        """
        now = self._clock()
        rails = read_rails(self._power)
        watts = total_watts(rails)
        self._energy.add(now, watts, inferences)
        celsius = thermal.read(self._root)
        degrees = ((gpu.name, gpu.celsius()) for gpu in self._gpus)
        celsius.update({name: value for name, value in degrees if value is not None})
        return Reading(
            seconds=now - self._start,
            rails_w=rails,
            power_w=watts,
            power_of=counted(rails),
            energy_j=self._energy.joules if self._energy.seconds > 0 else None,
            wh_per_hour=self._energy.wh_per_hour,
            energy_per_inference_mj=self._energy.mj_per_inference,
            celsius=celsius,
            throttling=self._throttling.read(),
            gpu_percent=gpu_load.read(self._root, self._gpus),
            cpu_percent=self._cpu.percent(),
            memory=memory(self._root),
            process=self._read_process(),
            batteries=battery.read(self._root),
            power_mode=power_mode.read(self._root),
        )

    def _read_process(self) -> Process | None:
        if self._process is None:
            return None
        share = self._process.share()
        return Process(
            cpu_percent=None if share is None else share * 100,
            memory_bytes=memory_bytes(self._root, self._pid),
        )
