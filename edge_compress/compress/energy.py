"""What one inference costs in energy, from this machine's own power meters."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from edge_compress.compress.target import Target
from edge_compress.compress.timing import provider_for
from edge_compress.errors import EdgeCompressError
from edge_compress.inference.latency import random_input
from edge_compress.inference.sessions import open_session
from edge_compress.telemetry.energy import EnergyMeter
from edge_compress.telemetry.power import PowerSource, probe, read_rails, total_watts

SECONDS = 2.0
_EVERY_S = 0.05  # between two readings: Jetson's meters give a new value about as often
_MOST = 10  # times as long, for a meter that says nothing
_WARMUP = 5


class EnergyError(EdgeCompressError):
    """Energy is asked for where it cannot be measured."""


def check_energy(target: Target, root: Path = Path("/")) -> list[PowerSource]:
    """The power meters of this machine, before any long work that needs one.

    Args:
        target: whose `device` must be this machine.
        root: where ``/sys`` is looked for.

    Raises:
        EnergyError: there is none that can be read, or the target is another machine.
    """
    if target.device_table is not None:
        raise EnergyError(
            "energy is measured on the machine that runs, and `target.device` is a table of "
            f"another ({target.device}): leave `energy_mj` and the energy objective out, or set "
            "`device: host` and run on the robot"
        )
    sources = probe(root)
    time.sleep(_EVERY_S)  # a counter gives its first watts some time after it was found
    if total_watts(read_rails(sources)) is None:
        raise EnergyError(
            "energy was asked for, and this machine has no power meter that can be read: Intel's "
            "and AMD's counters (/sys/class/powercap) are for root only, Jetson's need its INA3221 "
            "driver; leave `target.budget.energy_mj` and the energy objective out, or run where "
            "there is one"
        )
    return sources


def energy_mj(
    model: Path, target: Target, *, seconds: float = SECONDS, root: Path = Path("/")
) -> float:
    """Millijoules that the whole machine draws during one inference, what it draws idle included.

    Args:
        model: an .onnx file.
        target: its threads, and the provider that comes nearest to it here, are used.
        seconds: how long it is run, back to back.
        root: where ``/sys`` is looked for.

    Raises:
        EnergyError: there is no power meter that can be read.
        ModelError: the model cannot be loaded, or its input size is not fixed.
        ProviderError: the provider did not come up.
    """
    sources = check_energy(target, root)
    session = open_session(model, provider_for(target), threads=target.threads)
    try:
        tensor = random_input(session, str(model))
        for _ in range(_WARMUP):
            session.run(tensor)
        found = _metered(partial(session.run, tensor), sources, seconds)
    finally:
        session.close()
    if not found:
        raise EnergyError("the power meter stopped giving readings while energy was measured")
    return found


def _metered(
    call: Callable[[], object], sources: list[PowerSource], seconds: float
) -> float | None:
    """Millijoules of one call, over some seconds of calls back to back."""
    meter = EnergyMeter()
    read_rails(sources)  # counters begin here
    calls = 0
    last = began = time.monotonic()
    while last - began < seconds or not meter.inferences:
        call()
        calls += 1
        now = time.monotonic()
        if now - last >= _EVERY_S:
            meter.add(now, total_watts(read_rails(sources)), calls)
            last = now
        if now - began > _MOST * seconds:
            break
    return meter.mj_per_inference
