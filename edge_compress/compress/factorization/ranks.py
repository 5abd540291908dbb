"""Which rank a layer gets."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Ranks = tuple[int, ...]  # one for each mode: one of a matrix, two of Tucker-2


def rank_by_energy(sigma: Tensor, share: float) -> int:
    """The smallest rank whose singular values hold a share of all energy, Σσ².

    Args:
        sigma: singular values, descending.
        share: 0-1.
    """
    energy = sigma.double().square().cumsum(0)
    total = float(energy[-1])
    if total == 0:
        return 1
    # A hair below, since the sum of everything may differ from itself by rounding.
    reached = energy >= share * total * (1 - 1e-12)
    return int(torch.nonzero(reached)[0]) + 1


def rounded_up(rank: int, step: int, full: int) -> int:
    """The rank as a multiple of the step, as far as there is such a one."""
    return min(-(-rank // step) * step, full)


def ladder(full: Ranks, step: int) -> list[Ranks]:
    """All ranks worth trying, ascending: multiples of the step below full rank, modes in step."""
    rungs = -(-max(full) // step)
    found: list[Ranks] = []
    for rung in range(1, rungs):
        ranks = tuple(rounded_up(max(1, round(f * rung / rungs)), step, f) for f in full)
        if ranks not in found and ranks != full:
            found.append(ranks)
    return found


def largest(choices: Sequence[Ranks], fits: Callable[[Ranks], bool]) -> Ranks | None:
    """The last of the ascending choices that fits, by bisection; None when none does.

    Time is a staircase, not a straight line, so that what is found fits, but a larger rank
    that fits too may be passed over.
    """
    low, high = 0, len(choices)
    best = None
    while low < high:
        middle = (low + high) // 2
        if fits(choices[middle]):
            best, low = choices[middle], middle + 1
        else:
            high = middle
    return best
