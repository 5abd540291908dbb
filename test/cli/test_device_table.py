"""`edge_compress profile --device-table`."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from edge_compress.cli.main import main
from edge_compress.inference.device_table.table import load_table


def test_it_writes_a_table_and_says_what_is_in_it(tmp_path, capsys):
    path = tmp_path / "robot.json"
    assert main(["profile", "--device-table", str(path), "--minutes", "0.005"]) == 0
    table = load_table(path)
    told = capsys.readouterr().out
    assert f"device table: {path}" in told
    assert f"{len(table.rows)} kernels in {len(table.whole)} networks" in told
    assert table.threads == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "give a bundle or an .onnx file to measure, or --device-table OUT.json"),
        (["model.onnx", "--device-table", "robot.json"], "give a bundle or an .onnx file"),
        (["model.onnx", "--minutes", "2"], "--minutes is for --device-table"),
        (["--device-table", "missing/robot.json"], "there is no folder"),
        (["--device-table", "robot.json", "--provider", "cuda"], "measured on the CPU"),
    ],
)
def test_what_does_not_go_together_is_said_in_one_line(
    arguments, told, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main(["profile", *arguments]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert "Traceback" not in error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("minutes", ["0", "-1", "inf", "soon"])
def test_minutes_are_a_number_above_0(minutes, capsys):
    with pytest.raises(SystemExit):
        main(["profile", "--device-table", "robot.json", "--minutes", minutes])
    assert "--minutes" in capsys.readouterr().err


def test_interrupted_it_leaves_nothing(tmp_path):
    path = tmp_path / "robot.json"
    command = [sys.executable, "-m", "edge_compress.cli.main", "profile", "--device-table", path]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    assert process.stderr.readline().startswith("measuring operators")
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert "interrupted" in process.stderr.read()
    assert list(tmp_path.iterdir()) == []
