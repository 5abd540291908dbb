"""The figures of a run that its page and its terminal table both show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from edge_compress.bundle.schema import Measurement, Task
from edge_compress.compress.record import PassOutcome, RunRecord
from edge_compress.compress.target import Budget, reaches
from edge_compress.pages import units

State = Literal["original", "kept", "rolled back"]


@dataclass(frozen=True)
class Step:
    """One model on the way: the original, or what a pass made of it."""

    name: str
    state: State
    measured: Measurement | None
    outcome: PassOutcome | None = None


class Change(NamedTuple):
    """One figure before and after."""

    name: str
    before: str
    after: str
    note: str


class Check(NamedTuple):
    """One line of the budget."""

    wanted: str
    got: str
    met: bool


def steps(record: RunRecord) -> list[Step]:
    """The original, then what each pass made, rolled back or not."""
    return [
        Step("original", "original", record.original),
        *(Step(o.name, "kept" if o.kept else "rolled back", o.after, o) for o in record.outcomes),
    ]


def p50(measured: Measurement | None) -> float | None:
    """Median latency in milliseconds, where it was measured or predicted."""
    return measured.p50_ms if measured else None


def latency_name(record: RunRecord) -> str:
    """What that is called: a prediction is never shown as a measurement."""
    return "predicted latency" if record.final.predicted else "latency p50"


def quality(measured: Measurement | None) -> float | None:
    """Accuracy, or agreement with the original where nobody labelled the frames; 0-1."""
    return None if measured is None else measured.quality


def quality_name(record: RunRecord) -> str:
    """What that is called: AP50 of a detector, top-1 of a classifier."""
    return quality_called(record.task, labelled=record.final.accuracy is not None)


def quality_called(task: Task, *, labelled: bool) -> str:
    """The name of a quality that was measured against labels, or against another model."""
    if task == "detection":
        return "AP50" if labelled else "agreement AP50"
    return "accuracy" if labelled else "top-1 agreement"


def quality_note(record: RunRecord) -> str:
    """What that means, in one sentence."""
    if record.final.accuracy is not None:
        return f"{quality_name(record)} is against the labels of held-out frames"
    return f"{quality_name(record)} is agreement with the original on held-out frames, not accuracy"


def speedup(record: RunRecord) -> float | None:
    """Median latency of the original over that of the final model."""
    original, final = p50(record.original), p50(record.final)
    return original / final if original and final else None


def size_ratio(record: RunRecord) -> float:
    """Bytes of the original file over those of the final one."""
    return record.original.size_bytes / record.final.size_bytes


def latency_place(record: RunRecord) -> str:
    """Whose latency it is, and where it comes from."""
    predicted = record.final.predicted
    if predicted is None:
        return f"bare inference on {record.device}, {record.target.threads} thread(s)"
    return f"predicted for {predicted.device}, {predicted.threads} thread(s), from its device table"


def changes(outcome: PassOutcome, name_of_quality: str) -> list[Change]:
    """What a pass did to each figure; empty when it could not be carried out."""
    before, after = outcome.before, outcome.after
    if after is None:
        return []
    ratio = outcome.latency_ratio
    if ratio is None:
        note = ""
    else:
        note = f"{units.times(1 / ratio)} faster" if ratio <= 1 else f"{units.times(ratio)} slower"
    name = "predicted latency" if after.predicted else "latency p50"
    rows = [Change(name, units.milliseconds(p50(before)), units.milliseconds(p50(after)), note)]
    for name, old, new, text in (
        ("size", before.size_bytes, after.size_bytes, units.megabytes),
        ("parameters", before.params, after.params, units.amount),
        ("MACs", before.macs, after.macs, units.amount),
    ):
        rows.append(Change(name, text(old), text(new), _fewer(old, new)))
    was, now = quality(before), quality(after)
    moved = "" if was is None or now is None else f"{now - was:+.3f}".replace("-", units.MINUS)
    rows.append(Change(name_of_quality, units.share(was), units.share(now), moved))
    return rows


def checks(record: RunRecord) -> Iterator[Check]:
    """Each limit of the budget, and whether the final model keeps it."""
    budget: Budget = record.target.budget
    got = quality(record.final)
    least = record.reference_quality - budget.max_drop
    wanted = f"{quality_name(record)} at least {least:.3f}"
    yield Check(wanted, units.share(got), got is not None and reaches(got, least))
    if budget.latency_ms is not None:
        latency = p50(record.final)
        wanted = f"{latency_name(record)} at most {units.milliseconds(budget.latency_ms)}"
        met = latency is not None and latency <= budget.latency_ms
        yield Check(wanted, units.milliseconds(latency), met)
    if budget.size_mb is not None:
        size = record.final.size_bytes
        wanted = f"size at most {budget.size_mb:g} MB"
        yield Check(wanted, units.megabytes(size), size <= budget.size_mb * 1e6)

    if budget.energy_mj is not None:
        energy = record.final.energy_mj
        wanted = f"energy of an inference at most {budget.energy_mj:g} mJ"
        met = energy is not None and energy <= budget.energy_mj
        yield Check(wanted, units.millijoules(energy), met)


def _fewer(old: int, new: int) -> str:
    if old == new or not old or not new:
        return "same" if old == new else ""
    return f"{units.times(old / new)} less" if new < old else f"{units.times(new / old)} more"
