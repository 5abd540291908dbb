"""The terminal shows the same figures as the page."""

from __future__ import annotations

import io

from rich.console import Console

from edge_compress.compress.record import RunRecord
from edge_compress.compress.report import terminal_table

BORDER = " \N{BOX DRAWINGS LIGHT VERTICAL}"


def test_it_has_a_row_for_the_original_each_pass_and_the_final_model(record: RunRecord) -> None:
    console = Console(file=io.StringIO(), width=120, color_system=None)
    console.print(terminal_table(record))
    output = console.file
    assert isinstance(output, io.StringIO)
    lines = output.getvalue().splitlines()

    def row(start: str) -> str:
        (line,) = [
            line
            for line in lines
            if line.lstrip(" \N{BOX DRAWINGS LIGHT VERTICAL}").startswith(start)
        ]
        return line

    for figure in ("20.5 ms", "3.66 MB", "913 k", "531 M", "1.000"):
        assert figure in row("original")
    for figure in ("kept", "7.9 ms", "0.87 MB", "0.912"):
        assert figure in row("prune")
    for figure in ("rolled back", "8.8 ms", "0.893"):
        assert figure in row("quantize")
    assert "\N{EN DASH}" in row("distill")
    assert "7.9 ms" in row("final")
    text = " ".join(lines)
    assert "2.59\N{MULTIPLICATION SIGN} faster" in text
    assert "not accuracy" in text
