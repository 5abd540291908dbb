"""Where every candidate of a search lies: quality over what it costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from edge_compress.compress.report.scale import Scale, Tick
from edge_compress.compress.report.search_figures import (
    OBJECTIVES,
    axis,
    comparable,
    limits,
    state_of,
    state_told,
    told,
)
from edge_compress.compress.search.record import CandidateFigures, ObjectiveName, SearchRecord

_LANE, _IN_LANE = 82.0, 93.5  # of the height: there lies what was not trained to the end
_ORDER = ("failed", "stopped", "infeasible", "complete", "front", "chosen")  # the last is on top


class Mark(NamedTuple):
    """One model in the drawing; places are percentages from the left and from the top."""

    kind: str
    left: float
    top: float
    label: str
    number: int | None = None


class Link(NamedTuple):
    """From a candidate as it was ranked to the same one trained in full."""

    left: float
    top: float
    to_left: float
    to_top: float


@dataclass(frozen=True)
class Scatter:
    """A drawing that the template only has to write down.

    Attributes:
        x: the figure to the right, with its unit.
        y: the one upward.
        marks: the original, the candidates, then the finalists.
        front: path of the stairs under which no candidate lies, in a square of 100.
        limit_x: budget's limit on x, if it has one.
        limit_y: likewise.
        lane: whether candidates without y lie in a lane below.
        unplaced: how many candidates are not in the drawing, for want of x.
    """

    x: str
    y: str
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    marks: Sequence[Mark]
    links: Sequence[Link]
    front: str
    limit_x: Tick | None
    limit_y: Tick | None
    lane: bool
    unplaced: int


def scatters(record: SearchRecord) -> list[Scatter]:
    """One drawing for each cost that the search had as an objective."""
    return [_scatter(record, x, y) for x, y in planes(record)]


def planes(record: SearchRecord) -> list[tuple[ObjectiveName, ObjectiveName]]:
    """Which figures to draw over which: quality over each cost, where it was measured."""
    rows = record.trials
    known = [name for name in OBJECTIVES if any(comparable(row, name) is not None for row in rows)]
    costs = [name for name in record.objectives if name != "quality" and name in known]
    if "quality" in known:
        return [(cost, "quality") for cost in costs or known[1:2]]
    return [(cost, costs[0]) for cost in costs[1:]]


def _scatter(record: SearchRecord, x: ObjectiveName, y: ObjectiveName) -> Scatter:
    rows = [row for row in record.trials if comparable(row, x) is not None]
    finals = [
        (one.number, figures)
        for one in record.finalists
        if (figures := one.figures) is not None
        and figures.value(x) is not None
        and figures.value(y) is not None
    ]
    limit = dict(limits(record, record.reference_quality))
    original = record.original
    drawn: list[CandidateFigures] = [*rows, *(figures for _, figures in finals)]
    if original is not None:
        drawn.append(original)
    across = Scale(_values(drawn, x, limit.get(x)), axis(record, x).scale)
    up = Scale(_values(drawn, y, limit.get(y)), axis(record, y).scale)
    lane = any(comparable(row, y) is None for row in rows)
    height = _LANE if lane else 100.0

    def top(value: float | None) -> float:
        return _IN_LANE if value is None else height * (1 - up.place(value) / 100)

    def mark(kind: str, name: str, figures: CandidateFigures, number: int | None = None) -> Mark:
        left = across.place(figures.value(x) or 0.0)
        label = f"{name}: {told(y, figures.value(y))}, {told(x, figures.value(x))}"
        return Mark(kind, left, top(comparable(figures, y)), label, number)

    placed = {
        row.number: mark(
            state_of(record, row),
            f"candidate {row.number}, {state_told(record, row)}",
            row,
            row.number,
        )
        for row in rows
    }
    marks = sorted(placed.values(), key=lambda one: _ORDER.index(one.kind))
    ends = [mark("final", f"candidate {n} trained in full", f, n) for n, f in finals]
    if original is not None and None not in (original.value(x), original.value(y)):
        marks.insert(0, mark("original", "the original", original))
    return Scatter(
        x=_title(record, x),
        y=_title(record, y),
        x_ticks=across.ticks(),
        y_ticks=[Tick(height * (1 - tick.place / 100), tick.text) for tick in up.ticks()],
        marks=[*marks, *ends],
        links=[
            Link(start.left, start.top, end.left, end.top)
            for end in ends
            if end.number is not None and (start := placed.get(end.number)) is not None
        ],
        front=_stairs([m for m in marks if m.kind in {"front", "chosen"}], rising=y == "quality"),
        limit_x=Tick(across.place(limit[x]), told(x, limit[x])) if x in limit else None,
        limit_y=Tick(top(limit[y]), told(y, limit[y])) if y in limit else None,
        lane=lane,
        unplaced=len(record.trials) - len(rows),
    )


def _values(
    drawn: Sequence[CandidateFigures], name: ObjectiveName, limit: float | None
) -> list[float]:
    found = [value for one in drawn if (value := comparable(one, name)) is not None]
    return found if limit is None else [*found, limit]


def _title(record: SearchRecord, name: ObjectiveName) -> str:
    figure = axis(record, name)
    return f"{figure.name} in {figure.unit}" if figure.unit else figure.name


def _stairs(front: Sequence[Mark], *, rising: bool) -> str:
    """The front of two figures only: of more, some of its points lie behind others here."""
    path: list[str] = []
    best = math.inf
    # Higher quality is nearer to the top; of two costs, less is nearer to the bottom.
    for one in sorted(front, key=lambda mark: (mark.left, mark.top if rising else -mark.top)):
        height = one.top if rising else -one.top
        if height < best:
            best = height
            step = "H{:.2f}V{:.2f}" if path else "M{:.2f} {:.2f}"
            path.append(step.format(one.left, one.top))
    return "".join(path)
