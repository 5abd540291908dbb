"""A run that is killed at any moment goes on, and ends with the same bytes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge_compress.bundle.reader import Bundle

MATERIAL = Path(__file__).parent / "material"
ROOT = Path(__file__).parents[2]


def run(recipe: Path, output: Path, **variables: str) -> subprocess.CompletedProcess:
    path = os.pathsep.join([str(ROOT), str(MATERIAL), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, str(MATERIAL / "killed_run.py"), str(recipe), str(output)],
        env={**os.environ, "PYTHONPATH": path, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.slow
def test_a_run_that_was_killed_in_a_pass_gives_the_same_model(write_recipe, tmp_path):
    recipe = write_recipe(model__source="tiny_detector:heavy")
    whole = tmp_path / "whole.bundle"
    assert run(recipe, whole).returncode == 0

    killed = tmp_path / "killed.bundle"
    assert run(recipe, killed, KILL="1").returncode == -signal.SIGKILL
    state = tmp_path / "killed.state"
    assert (state / "pass_00").is_dir()
    assert not (state / "pass_01").exists()
    assert not killed.exists()
    assert list(state.glob(".making-*")), "a killed run cannot tidy up; the next one does"

    # What a power cut can leave of a pass: folders without their last file.
    (state / ".making-half").mkdir()
    (state / ".making-half/step.json").write_text("{")
    (state / "pass_01").mkdir()
    finished_before = (state / "pass_00/candidate.pt").stat().st_mtime_ns
    assert run(recipe, killed).returncode == 0
    assert (state / "pass_00/candidate.pt").stat().st_mtime_ns == finished_before
    assert not list(state.glob(".making-*"))
    hashes = [Bundle.open(b).manifest.variants[0].sha256 for b in (whole, killed)]
    assert hashes[0] == hashes[1]
