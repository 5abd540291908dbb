"""Twice the rate that can be inferred, for long: no queue, and every frame accounted for."""

from __future__ import annotations

import statistics

import numpy as np

from benchmarks.runtime.bare import Bare
from benchmarks.runtime.endured import Overload
from benchmarks.runtime.nodes import Stage, detector
from benchmarks.runtime.onlooker import Result
from benchmarks.runtime.results import Ages, this_machine
from benchmarks.runtime.turns import take_turn

_TIMES_TOO_FAST = 2
_PARTS = 10
# What was lost shows by the numbers of the frames before and after it, so some come slowly.
_SLOW_FRAMES, _SLOW_RATE_HZ = 3, 2.0


def measure(stage: Stage, seconds: float) -> Overload:
    """Overload the node, let it settle, and compare all counts."""
    bare = Bare(stage.bundle, stage.video)
    bare_ms = Ages.of(bare.times_ms(min(seconds, 5.0))).p50
    bare.close()
    rate_hz = _TIMES_TOO_FAST * 1000 / bare_ms
    with detector(stage, window_s=max(1.0, seconds / _PARTS)) as subject:
        name, topic = subject.process.name, subject.process.topic("image_raw")

        def play(rate: float, play_s: float) -> int:
            turn = take_turn(
                stage.onlooker,
                stage.camera,
                subject.process,
                [subject.results],
                lambda: stage.camera.play([topic], rate, play_s),
                play_s,
            )
            results.extend(subject.results)
            return turn.published

        results: list[Result] = []
        published = play(_SLOW_RATE_HZ, _SLOW_FRAMES / _SLOW_RATE_HZ)
        first = len(results)
        before = len(stage.onlooker.reports(f"{name}: latency"))
        published += play(rate_hz, seconds)
        overloaded = results[first:]
        reports = stage.onlooker.reports(f"{name}: latency")[before:]
        # The last report of each part is about that part: the node's window is as long. One from
        # before the first frame, or long after the last, is about none.
        reports = [report for report in reports if "overhead_p99_ms" in report.values]
        told = [part[-1] for part in np.array_split(np.array(reports), _PARTS) if len(part)]
        published += play(_SLOW_RATE_HZ, _SLOW_FRAMES / _SLOW_RATE_HZ)
        frames = stage.onlooker.status(f"{name}: frames")
    ages = np.array([result.age_ms for result in overloaded])
    return Overload(
        machine=this_machine(),
        seconds=seconds,
        rate_hz=rate_hz,
        bare_p50_ms=bare_ms,
        infer_p50_ms=statistics.median(one.number("infer_p50_ms") for one in told),
        published=published,
        processed=int(frames.number("processed")),
        results=len(results),
        drops={
            key.removeprefix("dropped_"): int(value)
            for key, value in frames.values.items()
            if key.startswith("dropped_")
        },
        age_ms=Ages.of(ages.tolist()),
        tenths_p99_ms=tuple(
            Ages.of(part.tolist()).p99 for part in np.array_split(ages, _PARTS) if len(part)
        ),
        tenths_beyond_p99_ms=tuple(one.number("overhead_p99_ms") for one in told),
    )
