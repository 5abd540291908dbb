"""Run one experiment with one seed, in a process of its own, and write its figures."""

from __future__ import annotations

import shutil
import sys
import time

import torch
from rich.console import Console

from benchmarks.techniques import rivals
from benchmarks.techniques.experiment import WEIGHTS, Experiment
from benchmarks.techniques.experiments import EXPERIMENTS
from benchmarks.techniques.figures import Result, result_of, write
from edge_compress.compress import pipeline
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.models.tuple_output import TupleOutput
from edge_compress.compress.recipe import Recipe
from edge_compress.compress.terminal import TerminalProgress


def run(experiment: Experiment, seed: int) -> Result:
    """Carry it out; a run that was interrupted goes on."""
    folder = experiment.work(seed)
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with TerminalProgress(Console(file=sys.stdout)) as progress:
        if experiment.rival is not None:
            result = rivals.run(experiment, seed, progress)
        else:
            recipe = Recipe.model_validate(experiment.recipe(seed))
            if experiment.goes_on_from is not None and not (folder / "made.state").exists():
                begun = experiment.work_of(experiment.goes_on_from, seed) / "made.state"
                shutil.copytree(begun, folder / "made.state")
            _, record = pipeline.run(
                recipe, folder / "made.bundle", overwrite=True, progress=progress
            )
            result = result_of(
                record, experiment.name, experiment.key(seed), time.monotonic() - began
            )
    if experiment.keeps_weights:
        _keep_weights(experiment, seed)
    write(experiment.result(seed), result)
    return result


def _keep_weights(experiment: Experiment, seed: int) -> None:
    """What the last kept pass has trained, as a state dict that other recipes start from."""
    folder = experiment.work(seed)
    *_, last = sorted((folder / "made.state").glob("pass_*/candidate.pt"))
    candidate: Candidate = torch.load(last, weights_only=False)
    if not isinstance(candidate.module, TupleOutput):
        raise TypeError(f"{last}: holds {type(candidate.module).__name__}")
    torch.save(candidate.module.module.state_dict(), folder / WEIGHTS)


def main() -> int:
    """`python -m benchmarks.techniques.one SUBJECT/NAME SEED`."""
    torch.set_num_threads(1)
    name, seed = sys.argv[1:]
    (experiment,) = (e for e in EXPERIMENTS if e.id == name)
    result = run(experiment, int(seed))
    print(result.model_dump_json(indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
