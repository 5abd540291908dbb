"""The table of `edge_compress doctor`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from edge_compress.doctor.finding import Finding, Level

_STYLES: dict[Level, str] = {"OK": "green", "WARN": "yellow", "ERROR": "bold red"}


def finding_table(findings: Sequence[Finding]) -> Table:
    """Return the findings in the order given, each remedy under what it mends."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("what", overflow="fold")
    table.add_column("what was found, and what helps", overflow="fold")
    for finding in findings:
        text = Text(finding.found)
        if finding.remedy:
            text.append(f"\n→ {finding.remedy}", style="bold" if finding.level != "OK" else "dim")
        table.add_row(Text(finding.level, style=_STYLES[finding.level]), Text(finding.what), text)
    return table


def summary(findings: Sequence[Finding]) -> str:
    """Return one line that counts them."""
    counts = Counter(finding.level for finding in findings)
    if not counts["ERROR"] and not counts["WARN"]:
        return "nothing is wrong"
    return f"{counts['ERROR']} errors, {counts['WARN']} warnings, {counts['OK']} others in order"
