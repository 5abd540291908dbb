"""The front of a search in the terminal."""

from __future__ import annotations

import io

from rich.console import Console
from search_record import search_record

from edge_compress.compress.report.search_table import search_table
from edge_compress.pages import units


def _printed(record, width: int = 100) -> str:
    console = Console(width=width, file=io.StringIO(), record=True)
    console.print(search_table(record))
    return console.export_text()


def test_it_has_the_front_the_best_first_and_what_was_chosen():
    record = search_record()
    lines = _printed(record).splitlines()
    rows = [line.split() for line in lines if line[:4].strip().isdigit()]
    finals = [cells for cells in rows if "full" in cells]
    ranked = [int(cells[0]) for cells in rows if "full" not in cells]
    assert set(ranked) == set(record.front)
    quality = {row.number: row.quality for row in record.trials}
    assert [quality[n] for n in ranked] == sorted((quality[n] for n in ranked), reverse=True)
    (chosen,) = [cells for cells in rows if "chosen" in cells]
    assert int(chosen[0]) == record.chosen
    assert [int(cells[0]) for cells in finals] == [one.number for one in record.finalists]
    assert units.share(record.finalists[0].figures.quality) in finals[0]


def test_parameters_with_brackets_are_no_markup_and_fit_a_narrow_terminal():
    text = _printed(search_record(), width=80)
    assert "[1]" in text
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "prune.keep" in text


def test_a_search_that_found_nothing_has_a_table_too():
    record = search_record()
    text = _printed(record.model_copy(update={"trials": (), "front": (), "finalists": ()}))
    assert "0 on the front of 0" in text
    assert "no candidate" in text
