"""The plots of a search beside its front: how it went on, and how true its predictions were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from edge_compress.compress.report.plots import Plot
from edge_compress.compress.report.search_figures import axis, told
from edge_compress.compress.search.record import History, ObjectiveName, SearchRecord
from edge_compress.pages.svg import DROPPED, FAINT, INK, KEPT, ORIGINAL, inline_svg

_COLORS = (KEPT, DROPPED, INK, ORIGINAL)
_DASHES = ("-", "--", ":", "-.")


class Prediction(NamedTuple):
    """How predicted latencies compare with measured ones.

    Attributes:
        plot: one over the other.
        models: how many were both predicted and measured.
        error: median of |predicted - measured| / measured.
        rank: Spearman's rank correlation, -1 to 1; None for fewer than three models.
    """

    plot: Plot
    models: int
    error: float
    rank: float | None


def history_plots(record: SearchRecord) -> list[Plot]:
    """For each objective the best value so far, over the candidates in their order."""
    plots = []
    for objective in record.objectives:
        histories = [h for h in record.histories if h.objective == objective and h.best]
        if histories:
            plots.append(_history(record, objective, histories))
    return plots


def prediction(record: SearchRecord) -> Prediction | None:
    """Predicted latency over measured, where a model has both; None if there is no such model."""
    models = [*record.trials, *(one.figures for one in record.finalists if one.figures)]
    pairs = [
        (one.latency_ms, one.latency_predicted_ms)
        for one in models
        if one.latency_ms is not None and one.latency_predicted_ms is not None
    ]
    if not pairs:
        return None
    measured, predicted = np.array(pairs, float).T
    ends = [float(min(measured.min(), predicted.min())), float(np.max(pairs))]

    def plot(axes: Axes) -> None:
        axes.plot(ends, ends, color=FAINT, linewidth=1.5)
        axes.plot(measured, predicted, "o", color=KEPT, markersize=5, alpha=0.8, mew=0)
        axes.set_xlabel("measured, p50 in ms")
        axes.set_ylabel("predicted in ms")

    error = float(np.median(np.abs(predicted - measured) / measured))
    rank = None
    if len(pairs) >= 3:
        measured_rank, predicted_rank = np.argsort(np.argsort([measured, predicted]))
        rank = float(np.corrcoef(measured_rank, predicted_rank)[0, 1])
    description = (
        f"Predicted over measured latency of {len(pairs)} models: the median error is {error:.0%}."
    )
    svg = inline_svg(plot, name="prediction", description=description, height=3.4)
    return Prediction(Plot("Predicted over measured latency", svg), len(pairs), error, rank)


def _history(record: SearchRecord, objective: ObjectiveName, histories: Sequence[History]) -> Plot:
    figure = axis(record, objective)
    tried = [
        (row.number, value / figure.scale)
        for row in record.trials
        if row.state == "complete" and (value := row.value(objective)) is not None
    ]
    last = max((row.number for row in record.trials), default=0)
    unit = f" in {figure.unit}" if figure.unit else ""

    def plot(axes: Axes) -> None:
        if tried:
            axes.plot(*np.array(tried).T, "o", color=ORIGINAL, markersize=4, alpha=0.8, mew=0)
        for place, history in enumerate(histories):
            values = [one.value / figure.scale for one in history.best]
            axes.step(
                [*(one.number for one in history.best), last],
                [*values, values[-1]],
                where="post",
                color=_COLORS[place % len(_COLORS)],
                linestyle=_DASHES[place % len(_DASHES)],
                linewidth=2,
                label=history.algorithm,
            )
        axes.set_xlabel("candidate, in the order of trial")
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(5))
        if len(histories) > 1:
            axes.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1))

    described = "; ".join(
        f"{history.algorithm} began with {told(objective, history.best[0].value)} and came to "
        f"{told(objective, history.best[-1].value)} at candidate {history.best[-1].number}"
        for history in histories
    )
    title = f"Best {figure.name} so far{unit}"
    svg = inline_svg(
        plot, name=f"history {objective}", description=f"{title}: {described}.", height=2.6
    )
    return Plot(title, svg)
