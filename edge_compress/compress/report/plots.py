"""The plots of a report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from edge_compress.compress.record import RunRecord
from edge_compress.compress.report.figures import Step, p50, quality, quality_name, steps
from edge_compress.pages import units
from edge_compress.pages.svg import DROPPED, FAINT, INK, KEPT, ORIGINAL, inline_svg

_COLORS = {"original": ORIGINAL, "kept": KEPT, "rolled back": DROPPED}


class Plot(NamedTuple):
    """One drawing and its heading."""

    title: str
    svg: str


def step_plots(record: RunRecord) -> list[Plot]:
    """Latency, size, quality and work after each pass; rolled back ones are hatched."""
    models = steps(record)
    wanted: list[tuple[str, Callable[[Step], float | None], Callable[[float], str]]] = [
        ("Latency, p50 in ms", lambda s: p50(s.measured), lambda v: f"{v:.3g}"),
        (
            "Size in MB",
            lambda s: s.measured.size_bytes / 1e6 if s.measured else None,
            lambda v: f"{v:.2f}",
        ),
        (
            f"{quality_name(record)[0].upper()}{quality_name(record)[1:]}",
            lambda s: quality(s.measured),
            lambda v: f"{v:.3f}",
        ),
        (
            "MACs a frame, in millions",
            lambda s: s.measured.macs / 1e6 if s.measured else None,
            lambda v: f"{v:.0f}",
        ),
    ]
    return [
        Plot(title, _bars(title, models, [value(step) for step in models], text))
        for title, value, text in wanted
    ]


def latency_plot(record: RunRecord) -> Plot | None:
    """Histogram of each timed inference of both models; None when nothing was timed."""
    original = np.array(record.latencies_ms.original)
    compressed = np.array(record.latencies_ms.compressed)
    if not original.size or not compressed.size:
        return None
    # A scheduler's hiccup would squeeze all else into one bar.
    low = min(original.min(), compressed.min())
    high = max(np.percentile(original, 99), np.percentile(compressed, 99))
    bins = np.linspace(low, max(high, low + 1e-3), 41)
    left_out = int((original > bins[-1]).sum() + (compressed > bins[-1]).sum())

    def plot(axes: Axes) -> None:
        for label, values, color in (
            ("original", original, ORIGINAL),
            ("compressed", compressed, KEPT),
        ):
            axes.hist(values, bins.tolist(), color=color, alpha=0.75, label=label)
            axes.axvline(float(np.median(values)), color=INK, linewidth=1, linestyle="--")
        axes.set_xlabel("latency of one inference in ms; dashed: p50")
        axes.set_ylabel("inferences")
        axes.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1))

    description = (
        f"Histogram of latency: the original's median is {np.median(original):.3g} ms, "
        f"the compressed model's {np.median(compressed):.3g} ms."
    )
    note = f" ({left_out} slower not shown)" if left_out else ""
    svg = inline_svg(plot, name="latency", description=description, height=2.9)
    return Plot(f"Latency of single inferences{note}", svg)


def _bars(
    title: str,
    models: Sequence[Step],
    values: Sequence[float | None],
    text: Callable[[float], str],
) -> str:
    known = [value for value in values if value is not None]
    widest = max([*known, 1e-9])

    def plot(axes: Axes) -> None:
        for row, (step, value) in enumerate(zip(models, values, strict=True)):
            if value is None:
                axes.text(0, row, f" {units.UNKNOWN}", va="center")
                continue
            color = _COLORS[step.state]
            dropped = step.state == "rolled back"
            axes.barh(
                row,
                value,
                height=0.62,
                color="none" if dropped else color,
                edgecolor=color,
                hatch="////" if dropped else None,
            )
            axes.text(value + widest * 0.015, row, text(value), va="center")
        axes.set_yticks(range(len(models)), [step.name for step in models])
        axes.set_ylim(len(models) - 0.5, -0.5)
        axes.set_xlim(0, widest * 1.18)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.tick_params(length=0)
        axes.xaxis.grid(visible=True, color=FAINT, linewidth=0.8)
        axes.set_axisbelow(True)

    described = ", ".join(
        f"{step.name} {units.UNKNOWN if value is None else text(value)}"
        + (" (rolled back)" if step.state == "rolled back" else "")
        for step, value in zip(models, values, strict=True)
    )
    return inline_svg(
        plot, name=title, description=f"{title}: {described}.", height=0.75 + 0.36 * len(models)
    )
