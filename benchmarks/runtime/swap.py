"""Bundles swapped while frames flow."""

from __future__ import annotations

import time

import numpy as np

from benchmarks.runtime.bundles import yolox_bundle
from benchmarks.runtime.endured import Swap
from benchmarks.runtime.nodes import Stage, Subject, detector
from benchmarks.runtime.onlooker import Status
from benchmarks.runtime.results import Ages, growth, this_machine

RATE_HZ = 15.0
EVERY_S = 5.0
_SAMPLE_S = 0.5
_WARM_S = 1.0
_REPORT_S = 0.2


def measure(stage: Stage, seconds: float) -> Swap:
    """Play for `seconds`, first without a swap, then with one every five seconds.

    The time before the first swap is a tenth of `seconds`, and at most 30: what gaps the machine
    makes by itself.
    """
    bundles = (stage.bundle, yolox_bundle(stage.folder, "other"))
    calm_s = min(30.0, max(_WARM_S + 5.0, seconds / 10))
    with detector(stage, diagnostics_period_s=_REPORT_S) as subject:
        look, process = stage.onlooker, subject.process
        topic = process.topic("image_raw")
        stage.camera.play([topic], RATE_HZ, calm_s + seconds)
        look.until(lambda: bool(subject.results), "the first result")
        begin = time.monotonic()
        memory: list[float] = []
        swap_ms: list[float] = []
        wanted = 0
        published: int | None = None
        first_swap_ns = 0
        while published is None:
            look.spin_once()
            published = stage.camera.published()
            passed = time.monotonic() - begin - calm_s
            if passed > 0 and len(memory) < passed / _SAMPLE_S:
                memory.append(process.memory_mb())
            # The last one has time to be finished.
            if passed > wanted * EVERY_S and passed < seconds - EVERY_S / 2:
                first_swap_ns = first_swap_ns or time.time_ns()
                wanted += 1
                swap_ms.append(_swap(stage, subject, str(bundles[wanted % 2]), wanted))
        look.spin(1.0)
        swaps = int(_model(stage, subject).number("bundle_swaps"))
        results = list(subject.results)
        process.stop()
    times = np.array([result.published_ns for result in results])
    gaps = np.diff(times) / 1e9 * RATE_HZ
    before = times[1:] < first_swap_ns
    calm = before & (times[1:] > times[0] + _WARM_S * 1e9)
    return Swap(
        machine=this_machine(),
        seconds=seconds,
        rate_hz=RATE_HZ,
        every_s=EVERY_S,
        swaps=swaps,
        wanted=wanted,
        published=published,
        results=len(results),
        longest_gap_before=float(gaps[calm].max()),
        longest_gap=float(gaps[~before].max()),
        gaps_over_two=int((gaps[~before] > 2).sum()),
        swap_ms=Ages.of(swap_ms),
        memory_mb=tuple(round(one, 1) for one in memory),
        memory_growth=growth(memory),
        exit_code=process.stop(),
    )


def _swap(stage: Stage, subject: Subject, bundle: str, number: int) -> float:
    """Set the parameter and wait until the node says that it runs; milliseconds."""
    look, name = stage.onlooker, subject.process.name
    start = time.monotonic()
    future = look.set_parameter(name, "bundle", bundle)
    look.until(future.done, "the answer to a new bundle")
    answer = future.result().results[0]
    if not answer.successful:
        raise RuntimeError(f"the bundle was refused: {answer.reason}")
    look.until(lambda: _swaps(stage, name) >= number, f"swap {number} in diagnostics")
    return (time.monotonic() - start) * 1000


def _swaps(stage: Stage, name: str) -> float:
    status = stage.onlooker.newest(f"{name}: model")
    return status.number("bundle_swaps") if status is not None else 0


def _model(stage: Stage, subject: Subject) -> Status:
    return stage.onlooker.status(f"{subject.process.name}: model")
