"""Every algorithm on the table over many seeds, at equal evaluations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.search.measures import Array, p_value, regrets, volume_shares
from benchmarks.search.simulate import ALGORITHMS, RIVAL, Table, tried
from benchmarks.search.table import Architecture

SHARE = 0.25  # of the space that may be tried
NEAR = 0.3  # points of accuracy below the optimum


@dataclass(frozen=True)
class Comparison:
    """Curves of every algorithm.

    Attributes:
        curves: figure after each evaluation, by algorithm; [seeds, evaluations].
        smaller_is_better: what the figure says.
    """

    curves: dict[str, Array]
    smaller_is_better: bool

    @property
    def evaluations(self) -> int:
        """How many each search had."""
        return int(self.curves[RIVAL].shape[1])

    def p_at_end(self, algorithm: str) -> float:
        """Of the last figures against those of random search."""
        ends = {name: curves[:, -1] for name, curves in self.curves.items()}
        return p_value(ends[algorithm], ends[RIVAL], smaller_is_better=self.smaller_is_better)

    def p_on_the_way(self, algorithm: str) -> float:
        """Of the mean over all evaluations, which tells how early something good was found."""
        means = {name: curves.mean(axis=1) for name, curves in self.curves.items()}
        return p_value(means[algorithm], means[RIVAL], smaller_is_better=self.smaller_is_better)


def best_of(table: Table) -> Architecture:
    """The optimum."""
    return max(table.values(), key=lambda architecture: architecture.accuracy)


def by_accuracy(table: Table, seeds: int, algorithms: Sequence[str] = ()) -> Comparison:
    """One objective: how far the best is from the optimum, in points of accuracy."""
    evaluations, best = int(SHARE * len(table)), best_of(table).accuracy
    curves = {
        name: np.array(
            [
                regrets(tried(ALGORITHMS[name], seed, table, evaluations, ["accuracy"]), best)
                for seed in range(seeds)
            ]
        )
        for name in algorithms or ALGORITHMS
    }
    return Comparison(curves, smaller_is_better=True)


def by_front(table: Table, seeds: int, algorithms: Sequence[str] = ()) -> Comparison:
    """Two objectives: how much of the front of accuracy and MACs was found, 0-1."""
    evaluations, everything = int(SHARE * len(table)), list(table.values())
    curves = {
        name: np.array(
            [
                volume_shares(
                    tried(ALGORITHMS[name], seed, table, evaluations, ["accuracy", "macs"]),
                    everything,
                )
                for seed in range(seeds)
            ]
        )
        for name in algorithms or ALGORITHMS
    }
    return Comparison(curves, smaller_is_better=False)


def evaluations_until_near(curves: Array) -> list[int | None]:
    """For each seed, after how many evaluations it was within `NEAR` points; None if never."""
    near = curves <= NEAR + 1e-9
    return [int(row.argmax()) + 1 if row.any() else None for row in near]
