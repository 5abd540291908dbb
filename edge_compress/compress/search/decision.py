"""Which finalist is chosen, and what stands in the way of a better one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from edge_compress.compress.search.finalists import Finalist
from edge_compress.compress.search.limits import binding
from edge_compress.compress.search.record import ObjectiveName
from edge_compress.compress.target import Budget


@dataclass(frozen=True)
class Decision:
    """The end of a search.

    Attributes:
        best: the best finalist that meets the budget, else what comes closest to it; None when no
            finalist could be made.
        binding: which limit stands in the way, in one sentence; empty without limits.
    """

    best: Finalist | None
    binding: str

    @property
    def met(self) -> bool:
        """Whether the budget is met."""
        return self.best is not None and self.best.row.meets_budget


def decide(
    finalists: Sequence[Finalist],
    objective: ObjectiveName,
    budget: Budget,
    violations: Iterable[Mapping[str, float]],
) -> Decision:
    """Choose.

    Args:
        finalists: all that were trained.
        objective: the first one.
        budget: the target's.
        violations: of every candidate while ranking, to say how many keep the limit that binds.
    """
    made = [finalist for finalist in finalists if finalist.row.bundle is not None]
    if not made:
        return Decision(None, "")
    meeting = [finalist for finalist in made if finalist.row.meets_budget]
    if meeting:
        best = min(meeting, key=lambda finalist: finalist.figures.cost(objective))
    else:
        best = min(made, key=lambda finalist: finalist.distance(budget))
    return Decision(best, binding(best.limits(budget), best.figures, violations))
