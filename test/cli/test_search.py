"""`edge_compress search`, as a user runs it: interrupted, killed, with help from other workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge_compress.cli.main import main

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "test/compress"))

from searches import write_digits, write_search  # noqa: E402

from edge_compress.compress.search.record import SearchRecord  # noqa: E402

# What is interrupted must not have ended before.
LONG = {"recipe__passes__0__schedule__epochs": 600}


@pytest.fixture
def folder(tmp_path):
    write_digits(tmp_path / "digits", 200, 50)
    return tmp_path


def command(folder: Path, *arguments: str) -> subprocess.Popen:
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-m", "edge_compress.cli.main", "search", *arguments],
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until(process: subprocess.Popen, told: str) -> str:
    """Read what a search says until a line holds `told`."""
    notes = ""
    while told not in notes:
        line = process.stderr.readline()
        assert line, notes
        notes += line
    return notes


def record(folder: Path) -> SearchRecord:
    return SearchRecord.model_validate_json((folder / "digits.search/search.json").read_text())


def parameters(found: SearchRecord) -> list[dict]:
    return [row.parameters for row in found.trials]


@pytest.mark.slow
def test_a_killed_search_goes_on_with_the_same_trials(folder):
    """Killed after two of five candidates; another folder has the same search left alone."""
    write_search(folder, trials=5, **LONG)
    process = command(folder, "search.yaml")
    until(process, "candidate 1")
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    again = command(folder, "search.yaml")
    output, notes = again.communicate(timeout=240)
    assert again.returncode == 0, notes
    tried = [line for line in notes.splitlines() if line.startswith("candidate ")]
    assert not any(line.startswith("candidate 0") for line in tried)  # not again
    assert len(tried) >= 3
    assert "bundle: digits.bundle" in output
    assert "report: digits.search/report.html" in output
    interrupted = record(folder)

    alone = folder / "alone"
    alone.mkdir()
    (alone / "digits").symlink_to(folder / "digits")
    write_search(alone, trials=5, **LONG)
    _, notes = command(alone, "search.yaml").communicate(timeout=240)
    untouched = record(alone)
    assert parameters(interrupted) == parameters(untouched), notes
    assert [row.quality for row in interrupted.trials] == [row.quality for row in untouched.trials]


@pytest.mark.slow
def test_ctrl_c_says_how_to_go_on_and_a_worker_helps_by_the_storage_alone(folder):
    write_search(folder, trials=6, **LONG)
    process = command(folder, "search.yaml")
    until(process, "candidate 0")
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=60)
    assert process.returncode == 130
    assert rest.splitlines()[-1] == "interrupted; run the same command again to go on"
    assert not (folder / "digits.bundle").exists()

    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    helper = command(elsewhere, "--worker", "--storage", "../digits.search/study.journal")
    _, notes = helper.communicate(timeout=240)
    assert helper.returncode == 0, notes
    assert not list(elsewhere.iterdir())  # a worker writes nothing of its own
    again = command(folder, "search.yaml")
    _, notes = again.communicate(timeout=240)
    assert again.returncode == 0, notes
    found = record(folder)
    assert len(found.trials) == 6
    assert len({row.worker for row in found.trials}) == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--worker"], "`--worker` needs `--storage`"),
        (["--worker", "--storage", "x", "--fresh"], "`--fresh` is not for a `--worker`"),
        (["--worker", "--storage", "none.journal"], "none.journal"),
        ([], "give CONFIG"),
        (["none.yaml"], "none.yaml: no such search"),
        (["search.yaml", "--storage", "mysql://host/x"], "mysql"),
    ],
)
def test_a_mistake_is_one_message_and_exit_2(arguments, told, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_digits(tmp_path / "digits", 20, 10)
    write_search(tmp_path)
    assert main(["search", *arguments]) == 2
    message = capsys.readouterr().err
    assert message.startswith("edge_compress: error: ")
    assert told in message
    assert "Traceback" not in message


@pytest.mark.parametrize("value", ["0", "-1", "long"])
def test_minutes_are_above_0(value, capsys):
    with pytest.raises(SystemExit):
        main(["search", "search.yaml", "--minutes", value])
    assert "--minutes" in capsys.readouterr().err
