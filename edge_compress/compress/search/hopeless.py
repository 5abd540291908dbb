"""Giving up a candidate that no training seen so far would save."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from edge_compress.compress.search.record import CandidateFigures, ObjectiveName

LEAST_FINISHED = 5  # at the same place; fewer tell nothing of what can still be gained
TRUST = 1.5  # times the largest gain seen: a slow learner gains more than a quick one
MARGIN = 0.02  # of quality, 0-1: looks are taken on few frames


class Finished(NamedTuple):
    """A candidate that went all the way.

    Attributes:
        looks: its quality at places on the way, by their names.
        figures: at the end.
        feasible: whether it met the budget.
    """

    looks: Mapping[str, float]
    figures: CandidateFigures
    feasible: bool


def why_hopeless(
    place: str,
    quality: float,
    known: CandidateFigures,
    finished: Sequence[Finished],
    floor: float | None,
    objectives: Sequence[ObjectiveName],
) -> str | None:
    """Say why a candidate cannot end well any more; None while it still may.

    What others have gained from the same place to their end bounds what this one can become. It is
    given up when even that misses the floor, or is dominated by one that is finished. This is the
    idea of the median rule (Golovin et al., "Google Vizier", KDD 2017, section 3.2.2) for several
    objectives, where a poor quality alone does not make a candidate poor.

    Args:
        place: where it stands.
        quality: its quality there, 0-1.
        known: its other figures, as far as they are known already.
        finished: those that went all the way.
        floor: least quality that is asked for; None if that is not known.
        objectives: of the search.
    """
    gains = [
        other.figures.quality - other.looks[place]
        for other in finished
        if place in other.looks and other.figures.quality is not None
    ]
    if len(gains) < LEAST_FINISHED:
        return None
    best = quality + TRUST * max(0.0, *gains) + MARGIN
    here = f"quality {quality:.3f} after {place}; others gained at most {max(gains):.3f} from there"
    if floor is not None and best < floor:
        return f"{here}, and {floor:.3f} is asked for"
    if "quality" not in objectives:
        return None
    rest = [name for name in objectives if name != "quality"]
    for other in finished:
        reached = other.figures.quality or 0.0
        as_good = all(_no_worse(other.figures, known, name) for name in rest)
        if other.feasible and reached > best and as_good:
            return f"{here}, and another candidate, as good in all else, has {reached:.3f}"
    return None


def _no_worse(one: CandidateFigures, other: CandidateFigures, objective: ObjectiveName) -> bool:
    """Whether one is as good as another for sure."""
    mine, its = one.value(objective), other.value(objective)
    return mine is not None and its is not None and mine <= its
