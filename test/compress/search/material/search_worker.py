"""A worker in a process of its own: `search_worker.py STORAGE ALGORITHM TRIALS LOG [DIE_AT]`.

Each evaluation writes a line to LOG. With DIE_AT this process kills itself in the middle of the
first attempt at that trial; with `always:N` in every attempt. With `among:N` no trial ends before N
workers have begun one.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from pydantic import TypeAdapter

from edge_compress.compress.progress import Silent
from edge_compress.compress.search.algorithm import Algorithm
from edge_compress.compress.search.space import Space
from edge_compress.compress.search.study import open_study
from edge_compress.compress.search.trial import Outcome, Trial
from edge_compress.compress.search.worker import work

SPACE = Space.of(
    {
        "width": {"search": {"low": 1, "high": 12}},
        "kind": {"search": ["plain", "residual"]},
        "rate": {"search": {"low": 0.1, "high": 1.0}},
    }
)
DIRECTIONS = {"quality": "maximize", "latency": "minimize"}


def main(storage: str, algorithm: str, trials: str, log: str, die_at: str = "") -> None:
    number = die_at.removeprefix("always:")
    workers = int(die_at.removeprefix("among:")) if die_at.startswith("among:") else 1

    def evaluate(trial: Trial) -> Outcome:
        with Path(log).open("a") as file:
            file.write(f"{trial.number} {os.getpid()} {trial.attempt}\n")
        if number == str(trial.number) and (trial.attempt == 1 or "always" in die_at):
            os.kill(os.getpid(), signal.SIGKILL)
        while len({line.split()[1] for line in Path(log).read_text().splitlines()}) < workers:
            time.sleep(0.02)
        time.sleep(0.02)  # so that another worker gets its turn
        width, rate = trial.values["width"], trial.values["rate"]
        quality = width * rate + (trial.values["kind"] == "residual")
        return Outcome([quality, width], {"latency": width / 10 - 1}, {"rate": rate})

    study = open_study(
        storage, "s", SPACE, TypeAdapter(Algorithm).validate_python(algorithm), 3, DIRECTIONS, "{}"
    )
    work(study, evaluate, trials=int(trials), minutes=None, progress=Silent())


if __name__ == "__main__":
    main(*sys.argv[1:])
