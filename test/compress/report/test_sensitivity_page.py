"""The heat map of layers by treatments, as a page and as a table."""

from __future__ import annotations

import re

import pytest
from html_page import Page
from rich.console import Console

from edge_compress.compress.report.heat_map import level, short
from edge_compress.compress.report.sensitivity_page import fragile, robust, sensitivity_page
from edge_compress.compress.report.sensitivity_table import sensitivity_table
from edge_compress.compress.sensitivity.record import LayerSensitivity, Sensitivity, Treatment
from edge_compress.pages import units

TREATMENTS = (
    Treatment(kind="channels", amount=0.3),
    Treatment(kind="channels", amount=0.7),
    Treatment(kind="bits", amount=8),
    Treatment(kind="bits", amount=2),
)


def _layer(name: str, quality: tuple[float | None, ...], milliseconds: float) -> LayerSensitivity:
    return LayerSensitivity(
        name=name,
        kind="Conv2d",
        params=1000,
        macs=50_000,
        milliseconds=milliseconds,
        quality=quality,
    )


@pytest.fixture
def found() -> Sensitivity:
    return Sensitivity(
        recipe="street",
        task="detection",
        labelled=False,
        frames=16,
        baseline=1.0,
        treatments=TREATMENTS,
        layers=(
            _layer("module.stem.<conv>", (0.4, 0.1, 0.99, 0.5), 1.0),
            _layer("module.blocks.11.branch.conv", (1.0, 0.995, 1.0, 0.93), 3.0),
            _layer("module.blocks.12.branch.conv", (1.0, 0.9, 1.0, 1.02), 0.5),
            _layer("module.head", (None, None, 0.998, 0.7), 0.5),
        ),
        params=4000,
        macs=200_000,
        milliseconds=5.0,
        threads=1,
        device="Some CPU",
    )


def test_the_page_is_whole_and_needs_nothing_else(found):
    text = sensitivity_page(found)
    page = Page(text)
    assert text.startswith("<!DOCTYPE html>")
    assert not [a for _, attrs in page.tags for a in attrs if a in ("src", "srcset")]
    assert "http" not in text.replace("http-equiv", "")
    assert page.all("meta")[1]["content"] == "width=device-width, initial-scale=1"
    assert "agreement AP50 is 1.000 on 16 frames" in page.text
    assert "not accuracy" in page.text


def test_the_table_has_every_figure(found):
    page = Page(sensitivity_page(found))
    for layer in found.layers:
        assert layer.name in page.text, "escaped, and in full"
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", sensitivity_page(found), re.DOTALL)
    cells = [re.findall(r"<td>(.*?)</td>", row) for row in rows]
    assert cells[0] == ["25%", "25%", "20%", "60", "90", "1.0", "50"]
    assert cells[2][-1] == "\N{MINUS SIGN}2.0", "a gain"
    assert cells[3][3:5] == [units.UNKNOWN, units.UNKNOWN]


def test_the_map_has_a_cell_for_each_figure_as_strong_as_its_cost(found):
    text = sensitivity_page(found)
    (svg,) = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    filled = re.findall(r"fill: var\(--dropped\)(?:; (?:fill-)?opacity: ([0-9.]+))?", svg)
    # Of the fourteen known figures, eight lose more than half a point; five shades in the legend.
    costly = sum(
        (drop := found.drop(layer, place)) is not None and drop > 0.005
        for layer in found.layers
        for place in range(4)
    )
    assert len(filled) == costly + 5
    assert len(set(filled)) == 5
    assert "stem.&lt;conv&gt;" in svg
    assert "module.stem.&lt;conv&gt; at \N{MINUS SIGN}70%: 90 points" in svg
    assert 'viewBox="0 0 360 ' in svg, "as wide as a phone"


def test_levels_are_what_the_legend_says():
    assert [level(drop) for drop in (-0.1, 0.0, 0.005, 0.006, 0.03, 0.08, 0.2, 0.9)] == [
        0,
        0,
        0,
        1,
        2,
        3,
        4,
        5,
    ]


def test_long_names_are_told_by_their_ends():
    assert short("module.stem.conv") == "stem.conv"
    name = short("module.backbone.features.12.branch.conv")
    assert len(name) == 17
    assert name.endswith("12.branch.conv")


def test_what_stands_out_is_said_in_words(found):
    assert [hint.name for hint in fragile(found)] == [
        "module.stem.<conv>",
        "module.head",
        "module.blocks.12.branch.conv",
        "module.blocks.11.branch.conv",
    ]
    worth = robust(found)
    assert [hint.name for hint in worth] == [
        "module.blocks.11.branch.conv",
        "module.blocks.12.branch.conv",
    ]
    assert worth[0].why == "\N{MINUS SIGN}70% of its channels costs 0.5 points; 60% of time"
    assert worth[1].why.startswith("\N{MINUS SIGN}30% of its channels costs 0.0 points")


def test_the_terminal_shows_the_same_figures(found):
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(sensitivity_table(found))
    text = console.export_text()
    assert "points of agreement AP50 lost" in text
    line = next(line for line in text.splitlines() if "branch.conv" in line and ".12." in line)
    assert line.split()[1:] == ["25%", "25%", "10%", "0.0", "10", "0.0", "\N{MINUS SIGN}2.0"]


def test_a_model_that_nothing_hurts_has_no_warnings(found):
    calm = found.model_copy(
        update={"layers": tuple(_layer(f"l{i}", (1.0,) * 4, 1.0) for i in range(3))}
    )
    text = sensitivity_page(calm)
    assert "Better left alone" not in text
    assert "Worth pruning first" in text
