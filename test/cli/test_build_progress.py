"""The progress of a build, on a terminal and without one."""

from __future__ import annotations

import io
import sys

from edge_compress.cli.build_progress import build_progress
from edge_compress.inference.tensorrt.build_status import BuildStatus


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_without_a_terminal_a_line_now_and_then_says_how_far_it_is(capsys):
    with build_progress("model.onnx") as show:
        for second in range(1, 33):
            assert show(BuildStatus("Tactics", second / 64, float(second), 64.0 - second))
    assert capsys.readouterr().err.splitlines() == [
        "building model.onnx: 15 s, 23 %, about 49 s to go, Tactics",
        "building model.onnx: 30 s, 47 %, about 34 s to go, Tactics",
    ]


def test_a_terminal_has_a_bar_only_while_something_is_built(monkeypatch):
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    monkeypatch.setenv("COLUMNS", "100")
    with build_progress("nets[v2]/[/b].onnx"):
        pass
    assert terminal.getvalue() == ""
    with build_progress("nets[v2]/[/b].onnx") as show:
        assert show(BuildStatus("", None, 1.0, None))
        assert show(BuildStatus("Tactics", 0.5, 20.0, 20.0))
    shown = terminal.getvalue()
    assert "building nets[v2]/[/b].onnx" in shown  # no markup
    assert "50 %, about 20 s to go" in shown
