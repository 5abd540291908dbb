"""Searches as they would be recorded, without having been carried out."""

from __future__ import annotations

import random
from typing import Any

from edge_compress.compress.search.record import (
    Best,
    CandidateFigures,
    FinalistRow,
    History,
    ObjectiveName,
    SearchRecord,
    TrialRow,
)
from edge_compress.compress.target import Budget, Target

RECIPE = """\
model: models/yolox_nano.onnx
passes:
  - kind: prune  # <of channels> & blocks
    keep: 0.55
"""
SPACE = {
    "passes.0.resize_input.height": "192 to 416 in steps of 32",
    "passes.1.fold_focus.included": "true, false",
    "passes.2.prune.keep": "0.3 to 0.9",
    "passes.2.prune.distill.epochs": "2 to 20, logarithmic",
    "passes.3": "null, [1] {kind: half_weights}, [2] {kind: quantize, weights: <8>}",
}


def trial(number: int, chance: random.Random, *, device_table: bool = False) -> TrialRow:
    """A candidate: quality rises with what it costs, and one in seven could not be made."""
    height = chance.randrange(192, 417, 32)
    keep = chance.uniform(0.3, 0.9)
    epochs = round(2 * 10 ** chance.random())
    last = chance.choice([None, "[1] {kind: half_weights}", "[2] {kind: quantize, weights: <8>}"])
    parameters: dict[str, Any] = dict(
        zip(SPACE, (height, chance.random() < 0.5, keep, epochs, last), strict=True)
    )
    latency = 1.0 + 22.0 * (height / 416) ** 2 * keep * chance.uniform(0.95, 1.05)
    quality = 1.05 - 0.45 * (1 - height / 480) - 0.5 * (1 - keep) ** 2 + chance.gauss(0, 0.02)
    quality = min(0.99, max(0.0, quality + 0.02 * epochs / 20))
    figures: dict[str, Any] = {
        ("latency_predicted_ms" if device_table else "latency_ms"): latency,
        "size_bytes": round(3.7e6 * keep * (0.5 if last else 1.0)),
        "params": round(913_000 * keep),
        "macs": round(530e6 * keep * (height / 416) ** 2),
        "quality": quality,
    }
    state, why = "complete", ""
    if latency > 13:
        state, why = "infeasible", f"latency {latency:.1f} ms, 10 ms were asked for: never trained"
        del figures["quality"]
    elif quality < 0.75 or latency > 10:
        state, why = "infeasible", "misses the budget by a little"
    if number % 7 == 3:
        state, why, figures = "failed", "ValueError: `width` <4> does not divide & so on", {}
    elif number % 11 == 5:
        state, why = "stopped", "0.30 after epoch 1, where the others had 0.61"
        figures["quality"] = 0.3
    return TrialRow(
        number=number,
        parameters=parameters,
        state=state,
        why=why,
        seconds=40.0,
        worker="robot:12",
        **figures,
    )


def search_record(count: int = 64, *, device_table: bool = False, seed: int = 1) -> SearchRecord:
    """A search of a detector's recipe, finished, with two finalists."""
    chance = random.Random(seed)
    trials = tuple(trial(number, chance, device_table=device_table) for number in range(count))
    complete = [row for row in trials if row.state == "complete"]
    front = [row for row in complete if not any(_beats(other, row) for other in complete)]
    chosen = max(front, key=lambda row: row.quality or 0)
    second = min(front, key=lambda row: row.latency or 0)
    finals = (
        final(chosen, "first.bundle", meets=True),
        final(second, "second.bundle", meets=False, why="agreement AP50 0.71 is below 0.75"),
    )
    return SearchRecord(
        name="street",
        task="detection",
        device="Some Board, 2 cores",
        target=Target(threads=2, budget=Budget(max_drop=0.25, latency_ms=10.0, size_mb=3.0)),
        labelled=False,
        objectives=("quality", "latency", "size"),
        algorithm="genetic",
        seed=7,
        space=SPACE,
        trials=trials,
        front=tuple(row.number for row in front),
        finalists=finals,
        chosen=chosen.number,
        binding="The limit of 10 ms decided: without it AP50 would be 0.97.",
        original=CandidateFigures(
            quality=1.0,
            latency_ms=None if device_table else 21.0,
            latency_predicted_ms=21.0 if device_table else None,
            size_bytes=3_662_429,
            params=913_000,
            macs=531_000_000,
        ),
        reference_quality=1.0,
        importance={
            "quality": {"passes.2.prune.keep": 0.61, "passes.0.resize_input.height": 0.22},
            "latency": {"passes.0.resize_input.height": 0.7, "passes.2.prune.keep": 0.25},
        },
        histories=tuple(
            History(algorithm="genetic", objective=name, best=_best(complete, name))
            for name in ("quality", "latency", "size")
        ),
        recipe=RECIPE,
        warnings=("the machine was busy & <hot>",),
        seconds=3012.0,
        created="2026-01-02T03:04:05+00:00",
        libraries={"torch": "2.14.1", "optuna": "5.0.0"},
    )


def final(row: TrialRow, bundle: str, *, meets: bool, why: str = "") -> FinalistRow:
    """The same candidate trained in full: a little better, on other frames."""
    figures = {
        name: getattr(row, name) and getattr(row, name) * 1.04
        for name in ("latency_ms", "latency_predicted_ms")
    }
    return FinalistRow(
        number=row.number,
        bundle=bundle,
        figures=CandidateFigures(
            **figures,
            quality=min(1.0, (row.quality or 0.0) + 0.03),
            size_bytes=row.size_bytes,
            params=row.params,
            macs=row.macs,
        ),
        reference_quality=1.0,
        meets_budget=meets,
        why=why,
    )


def _beats(one: TrialRow, other: TrialRow) -> bool:
    mine = (-(one.quality or 0), one.latency or 0, one.size_bytes or 0)
    theirs = (-(other.quality or 0), other.latency or 0, other.size_bytes or 0)
    return mine != theirs and all(a <= b for a, b in zip(mine, theirs, strict=True))


def _best(rows: list[TrialRow], name: ObjectiveName) -> tuple[Best, ...]:
    found: list[Best] = []
    sign = -1 if name == "quality" else 1
    for row in rows:
        value = row.value(name)
        if value is not None and (not found or sign * value < sign * found[-1].value):
            found.append(Best(number=row.number, value=value))
    return tuple(found)
