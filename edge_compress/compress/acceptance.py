"""Whether a pass is kept: by what was measured, never by what was expected."""

from __future__ import annotations

from typing import NamedTuple

from edge_compress.bundle.schema import Measurement
from edge_compress.compress.measure import Figures
from edge_compress.compress.pass_base import Aim
from edge_compress.compress.target import Budget, Target, reaches
from edge_compress.pages import units

SAME_SPEED = 1.02  # what interleaved runs of one and the same file may differ by
SAME_SPEED_FOR_ACCURACY = 1.05  # a pass that only repairs accuracy changes no shape
SAME_SIZE = 0.99


class Verdict(NamedTuple):
    """Whether a pass is kept, and one sentence that says what decided."""

    kept: bool
    why: str


def quality_of(measurement: Measurement) -> float:
    """Accuracy, or agreement with the original, whichever was measured; 0-1."""
    if measurement.quality is None:
        raise ValueError("this measurement has neither accuracy nor agreement")
    return measurement.quality


def quality_name(measurement: Measurement) -> str:
    """What `quality_of` gives: ``accuracy`` or ``agreement``."""
    return "agreement" if measurement.accuracy is None else "accuracy"


def judge(
    before: Measurement, figures: Figures, target: Target, *, aim: Aim, reference: float
) -> Verdict:
    """Decide on a candidate.

    Args:
        before: of the last kept model.
        figures: of the candidate, with its latency by the last kept model's.
        target: what may be lost, and what is to be gained.
        aim: of the pass.
        reference: quality of the model that nothing was taken from, 0-1.
    """
    old, new = quality_of(before), quality_of(figures.deciding)
    name = quality_name(figures.deciding)
    floor = reference - target.budget.max_drop
    if not reaches(new, floor):
        return Verdict(False, f"{name} {new:.3f} is below the {floor:.3f} that is allowed")
    if aim == "accuracy" and new < old:
        return Verdict(False, f"{name} fell from {old:.3f} to {new:.3f}")
    ratio = figures.ratio
    speed = f"{ratio:.2f}x the {'predicted ' * figures.predicted}latency of the last kept model"
    shrunk = figures.deciding.size_bytes / before.size_bytes
    size = f"{shrunk:.2f}x its size"
    smaller = shrunk < SAME_SIZE
    may_be_slower = target.optimize == "size" and smaller and aim == "speed"
    limit = SAME_SPEED_FOR_ACCURACY if aim == "accuracy" else SAME_SPEED
    if ratio > limit and not may_be_slower:
        return Verdict(False, f"slower: {speed}, at {name} {new:.3f}")
    if not figures.timed:
        told = f"{name} {old:.3f} -> {new:.3f}, latency not measured: {target.profile} is not here"
        return Verdict(True, told)
    no_larger = shrunk <= 1 / SAME_SIZE or target.optimize == "latency"
    gained = smaller or (ratio < 1 / SAME_SPEED and no_larger)
    if aim == "speed" and not gained:
        return Verdict(False, f"nothing gained: {speed}, {size}, at {name} {new:.3f}")
    return Verdict(True, f"{speed}, {size}, {name} {old:.3f} -> {new:.3f}")


def unmet(final: Measurement, budget: Budget, reference: float) -> list[str]:
    """What the budget asked for and the final model does not give, one sentence each.

    Args:
        final: of the file that the target would run.
        budget: the limits.
        reference: quality of the model that nothing was taken from, 0-1.
    """
    told = []
    quality, floor = quality_of(final), reference - budget.max_drop
    if not reaches(quality, floor):
        told.append(
            f"budget not met: {quality_name(final)} is {quality:.3f}, "
            f"at least {floor:.3f} was asked for"
        )
    latency = final.p50_ms
    if budget.latency_ms is not None and latency is not None and latency > budget.latency_ms:
        name = "latency p50" if final.predicted is None else "predicted latency"
        told.append(
            f"budget not met: {name} is {latency:.1f} ms, {budget.latency_ms:g} ms were asked for"
        )
    energy = final.energy_mj
    if budget.energy_mj is not None and energy is not None and energy > budget.energy_mj:
        told.append(
            f"budget not met: an inference takes {units.millijoules(energy)}, "
            f"{budget.energy_mj:g} mJ were asked for"
        )
    size = final.size_bytes / 1e6
    if budget.size_mb is not None and size > budget.size_mb:
        told.append(
            f"budget not met: the file has {size:.2f} MB, {budget.size_mb:g} MB were asked for"
        )
    return told
