"""Latency of bare inference, fairly: all models in one process, in turns."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from edge_compress.bundle.schema import LatencyStats
from edge_compress.inference.device import device_name
from edge_compress.inference.options import RuntimeOptions
from edge_compress.inference.sealed_file import ModelSource
from edge_compress.inference.session import ModelError, Session
from edge_compress.inference.sessions import open_session
from edge_compress.inference.tensorrt.build_status import OnBuild

__all__ = [
    "device_name",
    "latency_stats",
    "measure_latency",
    "random_input",
    "sample_latency",
    "time_in_turns",
]


def sample_latency(
    models: Mapping[str, ModelSource],
    *,
    threads: int = 1,
    rounds: int = 50,
    warmup: int = 5,
    seconds: float | None = None,
    provider: str = "cpu",
    on_round: Callable[[int], None] | None = None,
    options: RuntimeOptions | Mapping[str, RuntimeOptions] | None = None,
    on_build: OnBuild | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Time each model once a round, in turns, so that heat and other load fall on all alike.

    Args:
        models: .onnx files by name.
        threads: within one operator; 0 leaves it to the runtime.
        rounds: how often each model is timed.
        warmup: runs of each model before that, not timed.
        seconds: stop after this long, even before all rounds are done; one round is always done.
        provider: ``cpu``, ``cuda`` or ``tensorrt``.
        on_round: called after each round with the number of rounds done.
        options: of all runtimes, for all models or for each by its name.
        on_build: told how far the build of a TensorRT engine is; returns False to cancel it.

    Returns:
        Milliseconds of each run, float64 [rounds done], by name.

    Raises:
        ModelError: a model cannot be loaded, or its input size is not fixed.
        ProviderError: the provider did not come up.
    """
    sessions: dict[str, Session] = {}
    try:
        for name, path in models.items():
            own = options[name] if isinstance(options, Mapping) else options
            sessions[name] = open_session(
                path, provider, threads=threads, options=own, on_build=on_build
            )
        tensors = {name: random_input(session, name) for name, session in sessions.items()}
        return time_in_turns(
            {name: partial(session.run, tensors[name]) for name, session in sessions.items()},
            rounds=rounds,
            warmup=warmup,
            seconds=seconds,
            on_round=on_round,
        )
    finally:
        for session in sessions.values():
            session.close()


def time_in_turns(
    calls: Mapping[str, Callable[[], object]],
    *,
    rounds: int,
    warmup: int = 5,
    seconds: float | None = None,
    on_round: Callable[[int], None] | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Time each call once a round, in turns; what `sample_latency` does with its models.

    Args:
        calls: what is timed, by name.
        rounds: how often each is timed.
        warmup: calls of each before that, not timed.
        seconds: stop after this long, even before all rounds are done; one round is always done.
        on_round: called after each round with the number of rounds done.

    Returns:
        Milliseconds of each call, float64 [rounds done], by name.
    """
    for call in calls.values():
        for _ in range(warmup):
            call()
    samples: dict[str, list[float]] = {name: [] for name in calls}
    end = time.perf_counter() + seconds if seconds is not None else None
    for done in range(1, rounds + 1):
        for name, call in calls.items():
            start = time.perf_counter_ns()
            call()
            samples[name].append((time.perf_counter_ns() - start) / 1e6)
        if on_round is not None:
            on_round(done)
        if end is not None and time.perf_counter() >= end:
            break
    return {name: np.asarray(values) for name, values in samples.items()}


def measure_latency(
    models: Mapping[str, ModelSource],
    *,
    threads: int = 1,
    rounds: int = 50,
    warmup: int = 5,
    seconds: float | None = None,
    provider: str = "cpu",
    options: RuntimeOptions | Mapping[str, RuntimeOptions] | None = None,
    on_build: OnBuild | None = None,
) -> dict[str, LatencyStats]:
    """Summarise `sample_latency`; the arguments and errors are the same."""
    samples = sample_latency(
        models,
        threads=threads,
        rounds=rounds,
        warmup=warmup,
        seconds=seconds,
        provider=provider,
        options=options,
        on_build=on_build,
    )
    return {
        name: latency_stats(values, threads=threads, provider=provider)
        for name, values in samples.items()
    }


def latency_stats(
    samples_ms: NDArray[np.float64], *, threads: int, provider: str = "cpu"
) -> LatencyStats:
    """Summarise samples taken on this machine.

    Args:
        samples_ms: [n], milliseconds, n at least 1.
        threads: as given to the runtime; 0 is written down as the number of CPUs.
        provider: what they were taken on.
    """
    p50, p90, p99 = np.percentile(samples_ms, (50, 90, 99)).tolist()
    return LatencyStats(
        p50=p50,
        p90=p90,
        p99=p99,
        runs=len(samples_ms),
        threads=threads or os.cpu_count() or 1,
        provider=provider,
        device=device_name(),
    )


def random_input(session: Session, name: str) -> NDArray[np.float32]:
    """Something to run a session on: float32 of its input's shape, 0-1.

    Args:
        session: any.
        name: of the model, for the message.

    Raises:
        ModelError: its input size is not fixed.
    """
    batch, channels, height, width = session.input_shape
    if height is None or width is None:
        raise ModelError(f"{name}: the input size is free, so there is nothing certain to measure")
    shape = (batch or 1, channels or 3, height, width)
    return np.random.default_rng(0).random(shape, dtype=np.float32)
