"""The plots of an evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from edge_compress.pages import units
from edge_compress.pages.svg import DROPPED, FAINT, INK, KEPT, ORIGINAL, inline_svg
from edge_compress.scoring.average_precision import RECALLS
from edge_compress.scoring.evaluator import Evaluator
from edge_compress.scoring.result import Evaluation

_CLASSES = 12  # more lines than that tell nothing
_PARTS = 60  # of a flight
_POINTS = 400  # of a curve that has one for each detection


class Plot(NamedTuple):
    """One drawing and its heading."""

    title: str
    svg: str


def plots(evaluation: Evaluation, evaluator: Evaluator) -> list[Plot]:
    """Draw all for which there is anything to draw."""
    drawn: list[Plot] = []
    if evaluation.accuracy.objects:
        drawn += [
            _precision_recall(evaluation, evaluator),
            *_by_score(evaluation, evaluator),
            _sizes(evaluation),
            *_along_the_flight(evaluator),
        ]
    return [*drawn, *_latencies(evaluator)]


def _precision_recall(evaluation: Evaluation, evaluator: Evaluator) -> Plot:
    curves = evaluator.curves(now=True)
    mean = curves.mean
    assert mean is not None
    often = sorted(curves.by_class, key=lambda name: -evaluation.classes[name].objects)

    def plot(axes: Axes) -> None:
        for name in often[:_CLASSES] if len(often) > 1 else ():
            axes.plot(RECALLS, curves.by_class[name][0], color=ORIGINAL, linewidth=0.8, alpha=0.6)
        axes.plot(RECALLS, mean[0], color=KEPT, linewidth=2.2)
        _unit_axes(axes, "recall", "precision")

    described = f"Precision over recall at IoU 0.5; the mean over {len(often)} classes is "
    described += f"{mean[0].mean():.3f}, which is AP50."
    title = "Precision over recall, IoU 0.5"
    return Plot(title, inline_svg(plot, name="curve", description=described, height=3.2))


def _by_score(evaluation: Evaluation, evaluator: Evaluator) -> Iterator[Plot]:
    scores, precision, recall = evaluator.tally.by_score()
    if not len(scores):
        return
    shown = np.unique(np.linspace(0, len(scores) - 1, _POINTS).astype(int))
    threshold = evaluator.settings.score_threshold

    def plot(axes: Axes) -> None:
        axes.plot(scores[shown], precision[shown], color=KEPT, linewidth=2, label="precision")
        axes.plot(
            scores[shown], recall[shown], color=DROPPED, linewidth=2, linestyle="--", label="recall"
        )
        axes.axvline(threshold, color=INK, linewidth=1, linestyle=":")
        _unit_axes(axes, "least score; dotted: score_threshold", "")
        axes.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1))

    described = (
        f"Precision and recall by the score that is asked for: at {threshold:g} they are "
        f"{units.share(evaluation.accuracy.precision)} and "
        f"{units.share(evaluation.accuracy.recall)}; scores go from {scores[-1]:.2f} to "
        f"{scores[0]:.2f}."
    )
    title = "Precision and recall by score"
    yield Plot(title, inline_svg(plot, name="score", description=described, height=3.2))


def _sizes(evaluation: Evaluation) -> Plot:
    sizes = evaluation.sizes

    def plot(axes: Axes) -> None:
        for row, counted in enumerate(sizes.values()):
            axes.barh(row, counted.found, color=KEPT, height=0.6)
            axes.barh(
                row,
                counted.missed,
                left=counted.found,
                height=0.6,
                color="none",
                edgecolor=DROPPED,
                hatch="////",
            )
            told = f" {counted.missed} of {counted.objects} missed"
            axes.text(counted.objects, row, told, va="center")
        axes.set_yticks(range(len(sizes)), list(sizes))
        axes.set_ylim(len(sizes) - 0.5, -0.5)
        axes.set_xlim(0, 1.5 * max(1, *(counted.objects for counted in sizes.values())))
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.tick_params(length=0)
        axes.set_xlabel("objects; hatched: missed")

    described = "Objects by size: " + ", ".join(
        f"{name} {counted.missed} of {counted.objects} missed" for name, counted in sizes.items()
    )
    title = "Misses by size"
    return Plot(title, inline_svg(plot, name="sizes", description=f"{described}.", height=2.2))


def _along_the_flight(evaluator: Evaluator) -> Iterator[Plot]:
    _, found, missed = evaluator.tally.by_frame()
    if len(found) < 2:
        return
    edges = np.linspace(0, len(found), min(_PARTS, len(found)) + 1).astype(int)
    hits = np.add.reduceat(found, edges[:-1])
    objects = hits + np.add.reduceat(missed, edges[:-1])
    there = objects > 0
    if not there.any():
        return
    recall = hits[there] / objects[there]
    frames = ((edges[:-1] + edges[1:]) / 2)[there]

    def plot(axes: Axes) -> None:
        axes.plot(frames, recall, color=KEPT, linewidth=2, marker=".", markersize=4)
        axes.set_xlim(0, len(found))
        axes.set_ylim(0, 1.04)
        axes.set_xlabel("frame")
        axes.set_ylabel("recall")
        _grid(axes)

    worst = int(np.argmin(recall))
    described = (
        f"Recall along {len(found)} frames: lowest, {recall[worst]:.2f}, near frame "
        f"{frames[worst]:.0f}."
    )
    yield Plot(
        "Recall along the flight",
        inline_svg(plot, name="flight", description=described, height=2.6),
    )


def _latencies(evaluator: Evaluator) -> Iterator[Plot]:
    measured = np.asarray(evaluator.latencies.measured, np.float64)
    if not measured.size:
        return
    p50, p99 = np.percentile(measured, (50, 99))
    # A single hiccup would squeeze all else into one bar.
    low, high = float(measured.min()), max(float(p99) * 1.2, float(measured.min()) + 1e-3)

    def plot(axes: Axes) -> None:
        axes.hist(measured, np.linspace(low, high, 41).tolist(), color=KEPT)
        for value in (p50, p99):
            axes.axvline(float(value), color=INK, linewidth=1, linestyle="--")
        axes.set_xlabel("milliseconds; dashed: p50 and p99")
        axes.set_ylabel("frames")

    beyond = int((measured > high).sum())
    note = f" ({beyond} slower not shown)" if beyond else ""
    described = f"Histogram of latency: median {p50:.3g} ms, 99th percentile {p99:.3g} ms."
    svg = inline_svg(plot, name="latency", description=described, height=2.6)
    yield Plot(f"Latency{note}", svg)


def _unit_axes(axes: Axes, x: str, y: str) -> None:
    axes.set_xlim(0, 1.02)
    axes.set_ylim(0, 1.04)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    _grid(axes)


def _grid(axes: Axes) -> None:
    axes.grid(visible=True, color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
