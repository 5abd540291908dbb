"""Workers in processes of their own, and what they leave."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import optuna

from edge_compress.compress.search.rows_of_study import finished
from edge_compress.compress.search.storage import open_storage

SCRIPT = Path(__file__).parent / "material/search_worker.py"
ROOT = Path(__file__).parents[3]


def start(storage, log, *, algorithm="annealing", trials=12, die_at=""):
    return subprocess.Popen(
        [sys.executable, SCRIPT, str(storage), algorithm, str(trials), str(log), die_at],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process):
    """Its exit code; what it said is shown where a test fails."""
    _, errors = process.communicate(timeout=200)
    print(errors, file=sys.stderr)
    return process.returncode


def rows(storage):
    study = optuna.load_study(study_name="s", storage=open_storage(storage))
    return [row for row in map(finished, study.get_trials()) if row is not None]


def tried(storage):
    """What a study says of each trial, without who did it and when."""
    return [(row.number, row.values, row.state, row.objectives) for row in rows(storage)]


def evaluations(log):
    """How often each trial was evaluated, and by how many processes in all."""
    lines = [line.split() for line in log.read_text().splitlines()]
    return Counter(int(number) for number, _, _ in lines), {pid for _, pid, _ in lines}
