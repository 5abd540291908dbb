"""Whether a pass is kept: by what was measured, never by what was expected."""

from __future__ import annotations

from typing import NamedTuple

from edge_compress.bundle.schema import Measurement
from edge_compress.compress.measure import Figures
from edge_compress.compress.target import Budget

SLOWER = 1.02  # what interleaved runs of one and the same file may differ by
SLOWER_FOR_ACCURACY = 1.05  # a pass that only repairs accuracy changes no shape


class Verdict(NamedTuple):
    """Whether a pass is kept, and one sentence that says what decided."""

    kept: bool
    why: str


def agreement_of(measurement: Measurement) -> float:
    """Agreement with the original, 0-1, whichever kind the task has."""
    for value in (measurement.agreement_ap50, measurement.agreement_top1):
        if value is not None:
            return value
    raise ValueError("this measurement has no agreement")


def judge(
    before: Measurement, figures: Figures, budget: Budget, *, improves_only_accuracy: bool
) -> Verdict:
    """Decide on a candidate.

    Args:
        before: of the last kept model.
        figures: of the candidate, with its latency by the last kept model's.
        budget: what may be lost.
        improves_only_accuracy: the pass is not meant to make the model faster.
    """
    old, new = agreement_of(before), agreement_of(figures.deciding)
    floor = 1 - budget.max_drop
    speed = f"{figures.ratio:.2f}x the latency of the last kept model"
    if new < floor:
        return Verdict(False, f"agreement {new:.3f} is below the {floor:.3f} that is allowed")
    if improves_only_accuracy and new < old:
        return Verdict(False, f"agreement fell from {old:.3f} to {new:.3f}")
    limit = SLOWER_FOR_ACCURACY if improves_only_accuracy else SLOWER
    if figures.ratio > limit:
        return Verdict(False, f"slower: {speed}, at agreement {new:.3f}")
    return Verdict(True, f"{speed}, agreement {old:.3f} -> {new:.3f}")


def unmet(final: Measurement, budget: Budget) -> list[str]:
    """What the budget asked for and the final model does not give, one sentence each."""
    told = []
    latency = final.latency_ms
    if budget.latency_ms is not None and latency is not None and latency.p50 > budget.latency_ms:
        told.append(
            f"budget not met: latency p50 is {latency.p50:.1f} ms, "
            f"{budget.latency_ms:g} ms were asked for"
        )
    size = final.size_bytes / 1e6
    if budget.size_mb is not None and size > budget.size_mb:
        told.append(
            f"budget not met: the file has {size:.2f} MB, {budget.size_mb:g} MB were asked for"
        )
    return told
