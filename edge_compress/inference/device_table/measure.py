"""Measuring a device table: random networks, each run whole and kernel by kernel."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_compress import __version__
from edge_compress.inference.device import device_name
from edge_compress.inference.device_table.block import channel_block
from edge_compress.inference.device_table.errors import DeviceTableError
from edge_compress.inference.device_table.kernel import Kernel
from edge_compress.inference.device_table.networks import random_network
from edge_compress.inference.device_table.runtime import load, random_feeds
from edge_compress.inference.device_table.table import DeviceTable, Row, WholeRun
from edge_compress.inference.device_table.trace import Timed, Tracer
from edge_compress.inference.onnxruntime_session import session_options
from edge_compress.telemetry import power_mode, thermal

MINUTES = 4.0
_SECONDS = 0.3  # for the turns of one network
_TURN = 5  # runs
_TURNS = (2, 12)  # at least and at most


def measure_table(
    *,
    threads: int = 1,
    provider: str = "cpu",
    minutes: float = MINUTES,
    networks: int | None = None,
    root: Path = Path("/"),
    on_network: Callable[[float], None] | None = None,
) -> DeviceTable:
    """Measure what operators take on this machine.

    Args:
        threads: within one operator; 0 leaves it to the runtime.
        provider: only ``cpu``: on the others the runtime does not tell what a kernel takes.
        minutes: how long; the network that is under way is finished.
        networks: stop after so many, however long that takes.
        root: where ``/proc`` and ``/sys`` are looked for.
        on_network: called after each network with the share that is done, 0-1.

    Raises:
        DeviceTableError: the provider is another one.
    """
    if provider != "cpu":
        raise DeviceTableError(
            f"a device table is measured on the CPU; ONNX Runtime does not tell what a kernel "
            f"takes on {provider}: measure whole models there with `edge_compress profile MODEL`"
        )
    before = thermal.read(root)
    began = time.monotonic()
    samples: dict[Kernel, list[NDArray[np.float64]]] = defaultdict(list)
    whole = []
    number, done = 0, 0.0
    while done < 1:
        run, kernels = _measure(random_network(number), threads)
        whole.append(run)
        for kernel, ms in kernels:
            samples[kernel].append(ms)
        number += 1
        spent = (time.monotonic() - began) / 60 / minutes
        done = number / networks if networks is not None else spent
        if on_network is not None:
            on_network(min(done, 1.0))
    return DeviceTable(
        device=device_name(root),
        provider=provider,
        threads=threads or os.cpu_count() or 1,
        block=channel_block(),
        libraries={
            "edge_compress": __version__,
            **{name: metadata.version(name) for name in ("numpy", "onnx", "onnxruntime")},
        },
        celsius_before=before,
        celsius_after=thermal.read(root),
        power_mode=power_mode.read(root),
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        rows=tuple(_row(kernel, np.concatenate(parts)) for kernel, parts in samples.items()),
        whole=tuple(whole),
    )


def _measure(model: bytes, threads: int) -> tuple[WholeRun, list[Timed]]:
    """One network without and with the profiler, whose own time must not count.

    They take turns, but of several runs each: the first of a turn finds the caches full of the
    other's weights, as a model that runs by itself never does, and is not counted.
    """
    session = load(model, session_options(threads))
    feeds = random_feeds(session)
    with Tracer(model, threads=threads) as tracer:
        session.run(None, feeds)
        tracer.run(counted=False)
        began = time.perf_counter()
        session.run(None, feeds)
        tracer.run(counted=False)
        turns = int(np.clip(_SECONDS / (time.perf_counter() - began) / _TURN, *_TURNS))
        whole_ms = []
        for _ in range(turns):
            session.run(None, feeds)
            for _ in range(_TURN):
                start = time.perf_counter_ns()
                session.run(None, feeds)
                whole_ms.append((time.perf_counter_ns() - start) / 1e6)
            tracer.run(counted=False)
            for _ in range(_TURN):
                tracer.run()
        kernels = tracer.kernels()
    run = WholeRun(
        kernels=len(kernels),
        kernels_ms=sum(float(np.percentile(kernel.ms, 25)) for kernel in kernels),
        p50_ms=float(np.median(whole_ms)),
    )
    return run, kernels


def _row(kernel: Kernel, ms: NDArray[np.float64]) -> Row:
    p25, p50 = np.percentile(ms, (25, 50)).tolist()
    return Row(
        **kernel.model_dump(),
        p25_ms=round(p25, 5),
        p50_ms=round(p50, 5),
        runs=len(ms),
    )
