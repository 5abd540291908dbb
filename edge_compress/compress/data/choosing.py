"""Which pictures go into which part: by chance, but the same ones each time, of each class some."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge_compress.compress.data.errors import DataError

Places = NDArray[np.int64]


class Parts(NamedTuple):
    """Places of the pictures of each part, in ascending order."""

    learn: Places
    validation: Places


def chosen(strata: Places, count: int, random: np.random.Generator) -> Places:
    """Places of `count` pictures, of each stratum as nearly its share as can be.

    Stratified sampling: within its stratum each picture gets a random rank from 0 to 1, and those
    with the lowest ranks are taken.

    Args:
        strata: int64 [n], such as the class of each picture.
        count: 0 to n.
        random: what decides.

    Returns:
        int64 [count], ascending.
    """
    order = random.permutation(len(strata))
    ranks = np.empty(len(strata))
    for stratum in np.unique(strata):
        members = order[strata[order] == stratum]
        ranks[members] = (np.arange(len(members)) + 0.5) / len(members)
    lowest = order[np.argsort(ranks[order], kind="stable")]
    return np.sort(lowest[:count])


def limited(strata: Places, count: int | None, key: str, where: str, seed: int) -> Places:
    """Places of the pictures that `data.count` leaves, all of them for None.

    Raises:
        DataError: when there are fewer.
    """
    if count is None:
        return np.arange(len(strata))
    if count > len(strata):
        raise DataError(
            f"{where}: `data.count.{key}` asks for {count} pictures, but there are {len(strata)}; "
            "lower it or leave it out"
        )
    return chosen(strata, count, np.random.default_rng(seed))


def parted(strata: Places, share: float, seed: int) -> Parts:
    """Keep a share of the pictures apart; at least one where the share is not 0 and two are there.

    Args:
        strata: int64 [n], such as the class of each picture.
        share: 0 to 1.
        seed: another one gives other pictures.
    """
    count = round(share * len(strata))
    if share > 0:
        count = max(0, min(max(count, 1), len(strata) - 1))
    apart = chosen(strata, count, np.random.default_rng(seed + 1))
    return Parts(np.setdiff1d(np.arange(len(strata)), apart), apart)
