"""Run what is not finished yet, some experiments side by side, each in a process of its own."""

from __future__ import annotations

import fnmatch
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.techniques.experiment import REPOSITORY, WEIGHTS, Experiment
from benchmarks.techniques.experiments import EXPERIMENTS
from benchmarks.techniques.figures import read

_POLL_S = 0.5
# Two runs side by side share the machine fairly only when each keeps to its own core.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


@dataclass
class Run:
    """An experiment with a seed."""

    experiment: Experiment
    seed: int
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0

    @property
    def name(self) -> str:
        """For the terminal."""
        return f"{self.experiment.id} seed {self.seed}"

    @property
    def finished(self) -> bool:
        """Whether its figures are there, and of this very recipe."""
        result = read(self.experiment.result(self.seed))
        if result is None or result.key != self.experiment.key(self.seed):
            return False
        weights = self.experiment.work(self.seed) / WEIGHTS
        return not self.experiment.keeps_weights or weights.is_file()

    @property
    def ready(self) -> bool:
        """Whether what it starts from has been trained."""
        return all(path.exists() for path in self.experiment.waits_for(self.seed))

    def start(self) -> None:
        """Begin; what it says goes to a log file beside its bundle."""
        folder = self.experiment.work(self.seed)
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "benchmarks.techniques.one", self.experiment.id]
        with (folder / "log.txt").open("wb") as log:
            self.process = subprocess.Popen(
                [*command, str(self.seed)],
                cwd=REPOSITORY,
                env={**os.environ, **_ONE_THREAD},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is ours to pass on
            )
        self.began = time.monotonic()

    def stop(self) -> None:
        """End it; it goes on from its last finished pass when it is started again."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait()


def chosen(only: Sequence[str], seeds: Sequence[int]) -> list[Run]:
    """The runs that the patterns and seeds ask for, those first that others wait for."""
    runs = [
        Run(experiment, seed)
        for experiment in EXPERIMENTS
        for seed in experiment.seeds
        if seed in seeds and (not only or any(_fits(experiment.id, text) for text in only))
    ]
    return sorted(
        runs, key=lambda r: (not r.experiment.keeps_weights, not r.experiment.first, r.seed)
    )


def run_all(runs: Iterable[Run], jobs: int) -> list[Run]:
    """Run everything that is not finished, `jobs` at a time, and return what failed."""
    waiting = [run for run in runs if not run.finished]
    total = len(waiting)
    print(f"{total} runs to do", flush=True)
    active: list[Run] = []
    failed: list[Run] = []
    try:
        while waiting or active:
            while len(active) < jobs and (run := next((r for r in waiting if r.ready), None)):
                waiting.remove(run)
                run.start()
                active.append(run)
                print(f"[{total - len(waiting)}/{total}] {run.name}", flush=True)
            if not active:
                print(f"{len(waiting)} runs have nothing to start from", flush=True)
                return failed + waiting
            time.sleep(_POLL_S)
            for run in [r for r in active if r.process is None or r.process.poll() is not None]:
                active.remove(run)
                if not _report(run):
                    failed.append(run)
    finally:
        for run in active:
            run.stop()
    return failed


def _report(run: Run) -> bool:
    """Say how it went; whether it went well."""
    seconds = time.monotonic() - run.began
    result = read(run.experiment.result(run.seed)) if run.finished else None
    if result is None:
        log = run.experiment.work(run.seed) / "log.txt"
        print(f"    {run.name}: FAILED after {seconds:.0f} s, see {log}", flush=True)
        return False
    final, original = result.final, result.original
    print(
        f"    {run.name}: {result.kind} {original.quality:.4f} -> {final.quality:.4f}, "
        f"{original.size_bytes / final.size_bytes:.2f}x smaller, {seconds:.0f} s",
        flush=True,
    )
    return True


def _fits(name: str, pattern: str) -> bool:
    return fnmatch.fnmatch(name, pattern) or fnmatch.fnmatch(name, f"{pattern}/*")
