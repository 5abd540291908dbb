"""`docs/search.md`: what the comparison on the table gave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.search.compare import (
    NEAR,
    SHARE,
    Comparison,
    best_of,
    evaluations_until_near,
)
from benchmarks.search.simulate import ALGORITHMS, RIVAL, Table
from benchmarks.search.table import SPACE

PAGE = Path(__file__).parents[2] / "docs" / "search.md"
MARKS = (0.05, 0.1, 0.15, 0.2, 0.25)  # of the space, where the curves are shown


def write(table: Table, accuracy: Comparison, front: Comparison, file: Path = PAGE) -> None:
    """Write the page."""
    file.write_text("\n".join(_lines(table, accuracy, front)) + "\n", encoding="utf-8")


def _lines(table: Table, accuracy: Comparison, front: Comparison) -> Iterator[str]:
    values = [architecture.accuracy for architecture in table.values()]
    best = best_of(table)
    near = sum(value >= best.accuracy - NEAR / 100 for value in values)
    seeds = len(accuracy.curves[RIVAL])
    trained = len(best.accuracies)
    yield f"""\
# Does the search search?

Written by `python -m benchmarks search`; do not edit. Every architecture of a small space was
trained on Fashion-MNIST ({_times(trained)} each, a short training on a part of it), and what came
of it is in [fashion_mnist.csv](../benchmarks/search/fashion_mnist.csv), made by
`python -m benchmarks.search.train_table`. So the true optimum is known, and the algorithms can be
compared over many seeds without another training.

- The space: {"; ".join(f"{name} {', '.join(map(str, v))}" for name, v in SPACE.items())}: together
  {len(table)} architectures.
- Accuracy goes from {100 * min(values):.2f} % to {100 * best.accuracy:.2f} %, with the median at
  {100 * float(np.median(values)):.2f} %. The optimum is {_told(best.parameters)};
  {near} of the {len(table)} lie within {NEAR} points of it.
- Each algorithm, with its default settings, may try {SHARE:.0%} of the space
  ({accuracy.evaluations} architectures), over {seeds} seeds. None tries an architecture twice,
  random search neither.
- p is the chance that an algorithm would beat random search as clearly if both were alike:
  Mann-Whitney, one-sided, {seeds} against {seeds} seeds. *At the end* compares what was found,
  *on the way* the mean over all evaluations: how early it was found.

## One objective: accuracy

Points of accuracy below the optimum, mean over the seeds, after a share of the space was tried:
"""
    yield from _curves(accuracy, "{:.2f}")
    yield ""
    yield (
        f"| | within {NEAR} points | after (median) | mean at the end | worst seed "
        "| p at the end | p on the way |"
    )
    yield "|---|---|---|---|---|---|---|"
    for name, curves in accuracy.curves.items():
        until = evaluations_until_near(curves)
        reached = [count for count in until if count is not None]
        after = f"{np.median(reached):.0f}" if 2 * len(reached) > len(until) else "-"
        yield (
            f"| {name} | {len(reached)} of {seeds} seeds | {after} | {curves[:, -1].mean():.2f} "
            f"| {curves[:, -1].max():.2f} | {_chances(accuracy, name)} |"
        )
    yield """
## Two objectives: accuracy and MACs

Share of the area that the true front dominates (hypervolume, over the logarithm of the MACs), mean
over the seeds, after a share of the space was tried:
"""
    yield from _curves(front, "{:.3f}")
    yield ""
    yield "| | mean at the end | worst seed | p at the end | p on the way |"
    yield "|---|---|---|---|---|"
    for name, curves in front.curves.items():
        end = curves[:, -1]
        yield f"| {name} | {end.mean():.3f} | {end.min():.3f} | {_chances(front, name)} |"
    yield "\nThe settings, which are the defaults:\n"
    for name, algorithm in ALGORITHMS.items():
        yield f"- {name}: {_told(algorithm.model_dump(exclude={'kind'})) or 'none'}"


def _curves(comparison: Comparison, form: str) -> Iterator[str]:
    places = [max(1, round(mark / SHARE * comparison.evaluations)) for mark in MARKS]
    yield f"| | {' | '.join(f'{mark:.0%} ({n})' for mark, n in zip(MARKS, places, strict=True))} |"
    yield "|---" * (len(MARKS) + 1) + "|"
    for name, curves in comparison.curves.items():
        means = (form.format(curves[:, place - 1].mean()) for place in places)
        yield f"| {name} | {' | '.join(means)} |"


def _chances(comparison: Comparison, name: str) -> str:
    if name == RIVAL:
        return "- | -"
    return f"{_chance(comparison.p_at_end(name))} | {_chance(comparison.p_on_the_way(name))}"


def _chance(p: float) -> str:
    return f"{p:.1e}" if p < 0.001 else f"{p:.3f}"


def _told(parameters: object) -> str:
    assert isinstance(parameters, dict)
    return ", ".join(f"{name} {value}" for name, value in parameters.items())


def _times(count: int) -> str:
    words: Sequence[str] = ("never", "once", "twice")
    return words[count] if count < len(words) else f"{count} times"
