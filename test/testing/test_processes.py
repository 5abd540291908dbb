"""What a node that is started as a process is told."""

import sys
from pathlib import Path

from edge_compress.testing.processes import NodeProcess


def test_a_path_means_the_same_to_the_node(tmp_path, monkeypatch):
    echo = tmp_path / "python"
    echo.write_text('#!/bin/sh\necho "$@"\n')
    echo.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(echo))
    monkeypatch.chdir(tmp_path)
    settings = {"report": Path("~/report"), "world": "", "seed": 3}
    with NodeProcess("evaluator", tmp_path / "log", settings) as node:
        node._process.wait(10)
        assert f'report:="{tmp_path}/~/report" -p world:="" -p seed:=3' in node.last_line()
