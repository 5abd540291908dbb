"""The hard limits of a search: what a candidate may cost, and how far it is from that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from edge_compress.compress.search.record import CandidateFigures, ObjectiveName
from edge_compress.compress.target import ROUNDING, Budget
from edge_compress.pages import units

ROOM = 0.1  # as a share of a limit: with more, something else has decided


@dataclass(frozen=True)
class Limits:
    """The budget as numbers in the units of `CandidateFigures`.

    Attributes:
        floor: least quality, 0-1; None while it is not known.
        most: largest latency in ms, size in bytes, energy in mJ, where there is such a limit.
    """

    floor: float | None
    most: Mapping[ObjectiveName, float]

    @classmethod
    def of(cls, budget: Budget, reference: float | None, slack: float = 0.0) -> Limits:
        """The limits of a budget.

        Args:
            budget: of the target.
            reference: quality of the model that nothing was taken from; None if not known yet.
            slack: quality that may be missing besides.
        """
        most: dict[ObjectiveName, float] = {}
        if budget.latency_ms is not None:
            most["latency"] = budget.latency_ms
        if budget.size_mb is not None:
            most["size"] = budget.size_mb * 1e6
        energy_mj = getattr(budget, "energy_mj", None)
        if energy_mj is not None:
            most["energy"] = energy_mj
        floor = None if reference is None else max(0.0, reference - budget.max_drop - slack)
        return cls(floor, most)

    def violations(self, figures: CandidateFigures) -> dict[ObjectiveName, float]:
        """By how much each limit is broken, as a share of it; 0 or less where it is kept.

        What was not measured has no entry.
        """
        found: dict[ObjectiveName, float] = {}
        if self.floor is not None and figures.quality is not None:
            missing = self.floor - figures.quality - ROUNDING
            found["quality"] = missing / max(self.floor, ROUNDING)
        for name, most in self.most.items():
            value = figures.value(name)
            if value is not None:
                found[name] = value / most - 1
        return found

    def broken(self, figures: CandidateFigures) -> list[str]:
        """What the figures miss, in words, the worst first; empty when all limits are kept."""
        found = self.violations(figures)
        worst = sorted((name for name in found if found[name] > 0), key=lambda n: -found[n])
        return [self.told(name, figures) for name in worst]

    def told(self, name: ObjectiveName, figures: CandidateFigures) -> str:
        """One figure beside its limit, such as ``latency 9.1 ms of at most 8 ms``."""
        if name == "quality":
            least = units.share(self.floor)
            return f"quality {units.share(figures.quality)}, at least {least} is asked for"
        most = self.most[name]
        if name == "latency":
            got, asked = units.milliseconds(figures.latency), units.milliseconds(most)
        elif name == "size":
            got, asked = units.megabytes(figures.size_bytes or 0), units.megabytes(round(most))
        else:
            got, asked = units.millijoules(figures.energy_mj), units.millijoules(most)
        return f"{name} {got}, at most {asked} is asked for"


def total(violations: Mapping[Any, float]) -> float:
    """How far from all limits: the broken shares added up; 0 when none is broken."""
    return sum(max(0.0, violation) for violation in violations.values())


def binding(
    limits: Limits, figures: CandidateFigures, others: Iterable[Mapping[str, float]]
) -> str:
    """Which limit stands in the way, in one sentence; empty where there are no limits.

    Args:
        limits: the budget's.
        figures: of what was chosen, or of what comes closest.
        others: violations of every candidate, to count how many keep that limit.
    """
    found = limits.violations(figures)
    if not found:
        return ""
    name = max(found, key=lambda key: found[key])
    judged = [violations[name] for violations in others if name in violations]
    kept = sum(violation <= 0 for violation in judged)
    told = limits.told(name, figures).partition(" ")[2]
    if found[name] < -ROOM:
        return f"no limit binds; the nearest is {name}: {told}"
    return f"{name} binds: {told}; {kept} of {len(judged)} candidates keep it while ranking"
