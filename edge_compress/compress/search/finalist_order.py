"""Which point of the front is trained in full next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edge_compress.compress.search.record import TrialRow


def next_finalist(
    order: Sequence[TrialRow], sure: Sequence[bool], tried: Mapping[int, bool]
) -> int | None:
    """Place of the next finalist in a front; None when all were tried.

    Along a front, what gains in the first objective is paid for in the others, so that what meets
    the budget after full training is found by halving: one that meets it leads to bolder ones, one
    that does not to safer ones. What is left to spend goes to the widest gap, for a measured front.

    Args:
        order: of the front, the best in the first objective first.
        sure: whether each met the budget in ranking without any slack.
        tried: by number, whether a finalist has met the budget.
    """
    results = [tried.get(row.number) for row in order]
    untried = [place for place, result in enumerate(results) if result is None]
    if not untried:
        return None
    if len(untried) == len(order):
        return sure.index(True) if True in sure else len(order) // 2
    met = min((i for i, result in enumerate(results) if result), default=len(order))
    missed = max((i for i, r in enumerate(results[:met]) if r is False), default=-1)
    between = [place for place in untried if missed < place < met]
    if between:
        return between[len(between) // 2]
    known = [place for place, result in enumerate(results) if result is not None]
    return max(untried, key=lambda place: min(abs(place - other) for other in known))
