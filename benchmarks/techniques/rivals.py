"""Other tools on the same model, judged in the same way: same frames, same test images."""

from __future__ import annotations

import copy
import subprocess
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import numpy as np
import torch
import torch_pruning
from torch import nn

from benchmarks.techniques.environments import python_of, version_of
from benchmarks.techniques.experiment import Experiment
from benchmarks.techniques.figures import Result, machine, model_figures, versions
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.counting import params_and_macs
from edge_compress.compress.data import Data, open_data
from edge_compress.compress.export import export
from edge_compress.compress.exported import Exported
from edge_compress.compress.measure import Bench
from edge_compress.compress.original import export_original, load_candidates
from edge_compress.compress.pass_base import Context
from edge_compress.compress.progress import Progress
from edge_compress.compress.recipe import Recipe
from edge_compress.compress.training.schedule import Schedule
from edge_compress.compress.training.teacher import Teacher
from edge_compress.compress.training.trainer import lessons_for, train
from edge_compress.vision.preprocess import preprocess

CALIBRATION = 300  # frames, as many as NNCF takes by default
SCRIPTS = Path(__file__).parent / "elsewhere"
MADE = "model.onnx"
STEPS = 400  # of torch-pruning, as in its own examples: fine enough to meet the MACs
# A recipe has passes; the one that stands here only makes it valid, and is not run.
PLACEHOLDER = {"kind": "half_weights"}

_Tool = Callable[[Experiment, Recipe, Candidate, Data, Exported, Path, Progress], Exported]


def run(experiment: Experiment, seed: int, progress: Progress) -> Result:
    """Let another tool do it, and measure what it made as ours is measured."""
    began = time.monotonic()
    recipe = Recipe.model_validate({**experiment.recipe(seed), "passes": [PLACEHOLDER]})
    whole, start = load_candidates(recipe)
    known = whole.labels if recipe.classes else None
    data = open_data(recipe.data, start.labels, progress, whole=known)
    folder = experiment.work(seed)
    original = export_original(recipe, (whole, start), folder, data.learn)
    torch.manual_seed(seed)
    tool = _torch_pruning if experiment.rival == "torch_pruning" else _int8
    made = tool(experiment, recipe, start, data, original.start, folder, progress)
    bench = Bench(original, data.held_out, recipe.target, progress)
    before, after = (bench.measurement(e, "fp32", None) for e in (original.whole, made))
    return Result(
        experiment=experiment.name,
        seed=seed,
        key=experiment.key(seed),
        kind="agreement" if after.accuracy is None else "accuracy",
        original=model_figures(before),
        final=model_figures(after),
        seconds=round(time.monotonic() - began, 1),
        libraries=_libraries(experiment),
        device=machine(),
    )


def _int8(
    experiment: Experiment,
    recipe: Recipe,
    start: Candidate,
    data: Data,
    original: Exported,
    folder: Path,
    progress: Progress,
) -> Exported:
    """Post-training INT8 by a script in the tool's own environment."""
    tool = str(experiment.rival)
    step = max(1, len(data.learn) // CALIBRATION)
    frames = [preprocess(frame, start.input)[0][0] for frame in data.learn[::step]]
    np.save(folder / "frames.npy", np.stack(frames[:CALIBRATION]))
    command = [python_of(tool), SCRIPTS / f"{tool}_int8.py", original.files["fp32"]]
    subprocess.run([*command, folder / "frames.npy", folder / MADE], check=True)
    (folder / "frames.npy").unlink()
    return Exported(start, {"fp32": folder / MADE})


def _torch_pruning(
    experiment: Experiment,
    recipe: Recipe,
    start: Candidate,
    data: Data,
    original: Exported,
    folder: Path,
    progress: Progress,
) -> Exported:
    """torch-pruning as its README uses it: global magnitude, then fine-tuning with the labels."""
    student = start.with_module(copy.deepcopy(start.module))
    module = student.module
    classifier = [layer for layer in module.modules() if isinstance(layer, nn.Linear)][-1:]
    pruner = torch_pruning.pruner.MagnitudePruner(
        module,
        torch.zeros(1, 3, start.input.height, start.input.width),
        importance=torch_pruning.importance.MagnitudeImportance(p=2),
        global_pruning=True,
        pruning_ratio=1.0,
        iterative_steps=STEPS,
        ignored_layers=classifier,
    )
    _, whole = params_and_macs(module, start.input)
    left = whole
    while left > experiment.settings["keep"] * whole:
        pruner.step()
        _, left = params_and_macs(module, start.input)
    teacher = Teacher(start, data.learn, progress)
    context = Context(teacher, data.learn, data.validation, recipe.target, recipe.seed, progress)
    schedule = Schedule.model_validate(experiment.settings["schedule"])
    train(student, lessons_for(student, context, "labels"), schedule, context, "fine-tune")
    files = export(student, folder / "pruned", data.learn[:8])
    files["fp32"].replace(folder / MADE)
    return Exported(student, {"fp32": folder / MADE})


def _libraries(experiment: Experiment) -> dict[str, str]:
    ours = versions("torch", "onnxruntime", "numpy")
    if experiment.rival == "torch_pruning":
        return {**ours, "torch-pruning": metadata.version("torch-pruning")}
    tool = str(experiment.rival)
    return {**ours, f"{tool} (its own environment)": version_of(tool)}
