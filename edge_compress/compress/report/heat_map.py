"""Layers by treatments, each cell as strong as what it costs."""

from __future__ import annotations

from itertools import groupby

from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle

from edge_compress.compress.sensitivity.record import LayerSensitivity, Sensitivity
from edge_compress.pages import units
from edge_compress.pages.svg import DROPPED, FAINT, INK, ORIGINAL, inline_svg

# A cell's shade says how many points of quality are lost; the last is for all that is more.
LEVELS = (0.005, 0.02, 0.05, 0.1, 0.3)
_SHADES = (0.0, 0.15, 0.32, 0.5, 0.72, 1.0)
_HEADS = {"channels": "channels, %", "weights": "weights, %", "bits": "bits"}

# All in the units of the drawing, which is 360 wide and as wide as a phone when it is shown.
_WIDTH, _ROW, _NAMES, _BARS, _GAP = 360.0, 16.0, 116.0, 26.0, 4.0
_LETTERS = 17
_TOP = 64.0  # the legend and the heads of the columns
_SMALL = 9


def heat_map(sensitivity: Sensitivity) -> str:
    """An ``<svg>``: a row for each layer, a column for each treatment, and three bars.

    It is legible on a phone and in light and dark; the figures themselves belong in a table
    beside it.
    """
    height = _TOP + _ROW * len(sensitivity.layers)

    def plot(axes: Axes) -> None:
        axes.set_position((0.0, 0.0, 1.0, 1.0))
        axes.set_axis_off()
        axes.set_xlim(0, _WIDTH)
        axes.set_ylim(height, 0)
        _legend(axes)
        _heads(axes, sensitivity)
        for row, layer in enumerate(sensitivity.layers):
            _row(axes, sensitivity, layer, _TOP + row * _ROW)

    return inline_svg(
        plot, name="sensitivity", description=_described(sensitivity), height=height / 72
    )


def short(name: str) -> str:
    """A layer's name by its end, which is what tells it from its neighbours."""
    name = name.removeprefix("module.")
    return name if len(name) <= _LETTERS else "…" + name[1 - _LETTERS :]


def level(drop: float) -> int:
    """Which of the shades a drop of quality has, from 0."""
    return sum(drop > limit for limit in LEVELS)


def _legend(axes: Axes) -> None:
    axes.text(0, 10, "points lost", va="center", fontsize=_SMALL)
    ends = [f"≤ {100 * limit:g}" for limit in LEVELS] + ["more"]
    width = (_WIDTH - 60) / len(ends)
    for place, (shade, end) in enumerate(zip(_SHADES, ends, strict=True)):
        left = 60 + place * width
        _cell(axes, left, 4, 12, shade)
        axes.text(left + 15, 10, end, va="center", fontsize=_SMALL)


def _heads(axes: Axes, sensitivity: Sensitivity) -> None:
    width = _cell_width(sensitivity)
    place = 0
    for kind, group in groupby(sensitivity.treatments, lambda treatment: treatment.kind):
        amounts = [treatment.amount for treatment in group]
        middle = _NAMES + (place + len(amounts) / 2) * width
        axes.text(middle, 36, _HEADS[kind], ha="center", va="center", fontsize=_SMALL)
        for amount in amounts:
            told = f"{amount:g}" if kind == "bits" else f"{units.MINUS}{100 * amount:.0f}"
            axes.text(
                _NAMES + (place + 0.5) * width,
                52,
                told,
                ha="center",
                va="center",
                fontsize=_SMALL if width >= 20 else _SMALL - 2,
            )
            place += 1
    for place, head in enumerate(("size", "MACs", "time")):
        axes.text(_bar_left(place), 52, head, ha="left", va="center", fontsize=_SMALL - 1)


def _row(axes: Axes, sensitivity: Sensitivity, layer: LayerSensitivity, top: float) -> None:
    middle = top + _ROW / 2
    axes.text(0, middle, short(layer.name), va="center", fontsize=11)
    width = _cell_width(sensitivity)
    for place in range(len(sensitivity.treatments)):
        left = _NAMES + place * width
        drop = sensitivity.drop(layer, place)
        if drop is None:
            axes.text(left + width / 2, middle, units.UNKNOWN, ha="center", va="center")
        else:
            _cell(axes, left + 1, top + 1, width - 2, _SHADES[level(drop)], _ROW - 2)
    own = _sizes(layer)
    largest = [max(sizes) for sizes in zip(*map(_sizes, sensitivity.layers), strict=True)]
    for place, (size, most) in enumerate(zip(own, largest, strict=True)):
        left, length = _bar_left(place), (_BARS - _GAP)
        axes.add_patch(Rectangle((left, top + 5), length, _ROW - 10, color=FAINT))
        share = size / most if most else 0.0
        axes.add_patch(Rectangle((left, top + 5), length * share, _ROW - 10, color=INK))


def _sizes(layer: LayerSensitivity) -> tuple[float, float, float]:
    return layer.params, layer.macs, layer.milliseconds or 0.0


def _cell(
    axes: Axes, left: float, top: float, width: float, shade: float, height: float = 12
) -> None:
    axes.add_patch(
        Rectangle(
            (left, top),
            width,
            height,
            facecolor=to_rgba(DROPPED, shade),
            edgecolor=ORIGINAL,
            linewidth=0.5,
        )
    )


def _cell_width(sensitivity: Sensitivity) -> float:
    return (_bar_left(0) - _GAP - _NAMES) / max(1, len(sensitivity.treatments))


def _bar_left(place: int) -> float:
    return _WIDTH - (3 - place) * _BARS


def _described(sensitivity: Sensitivity) -> str:
    worst = [
        (drop, layer.name, sensitivity.treatments[place].label)
        for layer in sensitivity.layers
        for place in range(len(sensitivity.treatments))
        if (drop := sensitivity.drop(layer, place)) is not None
    ]
    told = f"Heat map of {len(sensitivity.layers)} layers by what a treatment of each costs."
    if not worst:
        return told
    drop, name, label = max(worst)
    return f"{told} The most is lost by {name} at {label}: {units.points(drop)} points."
