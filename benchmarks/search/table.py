"""The tabular benchmark: every architecture of a small space with what training made of it.

`benchmarks.search.train_table` makes the file. A search that asks it costs nothing, so that
algorithms can be compared over many seeds, and the true optimum is known. After Ying et al.,
"NAS-Bench-101", arXiv:1902.09635.
"""

from __future__ import annotations

import csv
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

FILE = Path(__file__).with_name("fashion_mnist.csv")
Value: TypeAlias = int | str

# Arguments of edge_compress.compress.networks.small_classifier; numbers are in order.
SPACE: dict[str, tuple[Value, ...]] = {
    "layers": (1, 2, 3),
    "width": (4, 6, 8, 12, 16),
    "kernel": (3, 5),
    "activation": ("relu", "silu"),
    "block": ("plain", "residual", "separable", "inverted"),
}


@dataclass(frozen=True)
class Architecture:
    """A point of the space and its figures.

    Attributes:
        parameters: a value of each parameter of `SPACE`.
        accuracies: share of the 10,000 test pictures that are told right, one a seed, 0-1.
        params: weights.
        macs: multiply-accumulates for one picture.
    """

    parameters: dict[str, Value]
    accuracies: tuple[float, ...]
    params: int
    macs: int

    @property
    def accuracy(self) -> float:
        """Mean over the seeds, 0-1."""
        return sum(self.accuracies) / len(self.accuracies)


def points() -> Iterator[dict[str, Value]]:
    """All points of the space."""
    for values in itertools.product(*SPACE.values()):
        yield dict(zip(SPACE, values, strict=True))


def key(parameters: dict[str, Value]) -> tuple[Value, ...]:
    """A point's values in the order of `SPACE`, to look it up by."""
    return tuple(parameters[name] for name in SPACE)


def read_rows(file: Path = FILE) -> dict[tuple[tuple[Value, ...], int], dict[str, str]]:
    """The file's rows by point and seed; empty where there is no file yet."""
    if not file.exists():
        return {}
    with file.open(newline="", encoding="utf-8") as lines:
        return {(_key_of(row), int(row["seed"])): row for row in csv.DictReader(lines)}


def load(file: Path = FILE) -> dict[tuple[Value, ...], Architecture]:
    """Every architecture by its `key`, with the seeds that all of them have.

    Raises:
        ValueError: when some point of the space is missing.
    """
    rows = read_rows(file)
    counts = Counter(seed for _, seed in rows)
    seeds = sorted(seed for seed in counts if seed == 0 or counts[seed] == max(counts.values()))
    table = {}
    for point in points():
        place = key(point)
        found = [rows[place, seed] for seed in seeds if (place, seed) in rows]
        if not found or len(found) < len(seeds):
            raise ValueError(f"{file}: {point} is missing; run python -m {__package__}.train_table")
        table[place] = Architecture(
            parameters=point,
            accuracies=tuple(float(row["accuracy"]) for row in found),
            params=int(found[0]["params"]),
            macs=int(found[0]["macs"]),
        )
    return table


def _key_of(row: dict[str, str]) -> tuple[Value, ...]:
    return tuple(type(choices[0])(row[name]) for name, choices in SPACE.items())
