"""An analysis of sensitivity as one self-contained HTML page."""

from __future__ import annotations

from typing import NamedTuple

from edge_compress.compress.report.figures import quality_called
from edge_compress.compress.report.heat_map import heat_map
from edge_compress.compress.sensitivity.record import LayerSensitivity, Sensitivity
from edge_compress.pages import units
from edge_compress.pages.environment import environment

LITTLE = 0.01  # of quality: what a layer may lose and is still said to bear it
_SHOWN = 5


class Hint(NamedTuple):
    """One layer worth a word, and why."""

    name: str
    why: str


def sensitivity_page(sensitivity: Sensitivity) -> str:
    """The page: a heat map, what stands out, and a table of all figures.

    It needs nothing else, and reads on a phone, in light and in dark.
    """
    template = environment("edge_compress.compress.report").get_template("sensitivity.html.j2")
    return template.render(
        run=sensitivity,
        quality_name=quality_called(sensitivity.task, labelled=sensitivity.labelled),
        heat_map=heat_map(sensitivity),
        fragile=fragile(sensitivity),
        robust=robust(sensitivity),
        rows=[
            (layer, [sensitivity.drop(layer, i) for i in range(len(sensitivity.treatments))])
            for layer in sensitivity.layers
        ],
    )


def fragile(sensitivity: Sensitivity) -> list[Hint]:
    """The layers that lose most, by the mean over the treatments."""
    means = []
    for layer in sensitivity.layers:
        drops = [
            drop
            for place in range(len(sensitivity.treatments))
            if (drop := sensitivity.drop(layer, place)) is not None
        ]
        if drops and max(drops) > LITTLE:
            means.append((sum(drops) / len(drops), max(drops), layer.name))
    means.sort(reverse=True)
    return [
        Hint(name, f"loses {units.points(mean)} points in the mean, {units.points(most)} at most")
        for mean, most, name in means[:_SHOWN]
    ]


def robust(sensitivity: Sensitivity) -> list[Hint]:
    """The layers whose pruning gains most time and costs little."""
    found = []
    for layer in sensitivity.layers:
        place = _strongest(sensitivity, layer)
        if place is not None:
            treatment = sensitivity.treatments[place]
            weight = (layer.milliseconds or 0) * treatment.amount
            time = units.percent(layer.milliseconds, sensitivity.milliseconds)
            lost = units.points(sensitivity.drop(layer, place))
            why = f"{treatment.label} of its {treatment.kind} costs {lost} points; {time} of time"
            found.append((weight, Hint(layer.name, why)))
    found.sort(key=lambda one: -one[0])
    return [hint for _, hint in found[:_SHOWN]]


def _strongest(sensitivity: Sensitivity, layer: LayerSensitivity) -> int | None:
    """The place of the strongest pruning that costs the layer little; None when there is none."""
    borne = [
        place
        for place, treatment in enumerate(sensitivity.treatments)
        if treatment.kind != "bits"
        and (drop := sensitivity.drop(layer, place)) is not None
        and drop <= LITTLE
    ]
    return max(borne, key=lambda place: sensitivity.treatments[place].amount, default=None)
