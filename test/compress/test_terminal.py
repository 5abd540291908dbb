"""Progress as bars in a terminal, and as plain lines elsewhere."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from edge_compress.compress.terminal import TerminalProgress


def shown(*, terminal: bool) -> str:
    file = io.StringIO()
    with TerminalProgress(Console(file=file, force_terminal=terminal, width=100)) as progress:
        progress.note("pass 1 of 2 [bold]")
        assert list(progress.track([1, 2, 3], "recover [1/4]", 3)) == [1, 2, 3]
    return file.getvalue()


def test_without_a_terminal_only_the_notes_are_written():
    assert shown(terminal=False) == "pass 1 of 2 [bold]\n"


def test_in_a_terminal_there_is_a_bar_with_its_name():
    text = shown(terminal=True)
    assert "pass 1 of 2 [bold]" in text
    assert "recover [1/4]" in text
    assert "3/3" in text or "0/3" in text


def test_a_loop_that_breaks_takes_its_bar_away():
    progress = TerminalProgress(Console(file=io.StringIO(), force_terminal=True))

    def fails():
        yield 1
        raise ValueError

    with progress, pytest.raises(ValueError):
        list(progress.track(fails(), "work", 2))
    assert not progress._bars.tasks
