"""Matplotlib figures as inline SVG that takes its colours and font from the page."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Stand-ins that no one else would draw with; each becomes a CSS variable of the page, so that one
# drawing is legible on light and on dark.
INK, FAINT = "#010101", "#020202"
ORIGINAL, KEPT, DROPPED = "#030303", "#040404", "#050505"
_VARIABLES = {
    INK: "var(--ink)",
    FAINT: "var(--line)",
    ORIGINAL: "var(--original)",
    KEPT: "var(--kept)",
    DROPPED: "var(--dropped)",
}


def inline_svg(plot: Callable[[Axes], None], *, name: str, description: str, height: float) -> str:
    """Draw and return an ``<svg>`` element without any reference out of the page.

    Args:
        plot: draws on the axes.
        name: unique in the page.
        description: what a reader who cannot see it is told.
        height: in inches at a width of 5; the page scales it.
    """
    with mpl.rc_context(
        {
            "svg.fonttype": "none",  # text stays text: it can be searched, read aloud, and is small
            "svg.hashsalt": name,  # ids stay the same from run to run, and differ from plot to plot
            "text.color": INK,
            "axes.labelcolor": INK,
            "axes.edgecolor": FAINT,
            "xtick.color": INK,
            "ytick.color": INK,
            "hatch.color": DROPPED,
            "font.size": 11,
        }
    ):
        figure = Figure(figsize=(5, height), layout="constrained")
        axes = figure.subplots()
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_facecolor("none")
        plot(axes)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True)
    return _for_the_page(buffer.getvalue(), description)


def _for_the_page(svg: str, description: str) -> str:
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", svg).replace("xlink:href", "href")
    # The view box is enough: the page decides how wide it is.
    svg = re.sub(r'(<svg[^>]*?)\swidth="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?)\sheight="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r"'DejaVu Sans'[^;\"]*", "system-ui, sans-serif", svg)
    for color, variable in _VARIABLES.items():
        svg = svg.replace(color, variable)
    title = html.escape(description, quote=True)
    return svg.replace("<svg", f'<svg role="img" aria-label="{title}"', 1).strip()
