"""Latency of everything that was made, each in turns with the original: last, and nothing beside.

While runs share the machine their own latencies decide what is kept, but are no figures to print.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.techniques.experiment import ANYTHING, RESULTS, Subject
from benchmarks.techniques.figures import machine
from benchmarks.techniques.rivals import MADE, PLACEHOLDER
from benchmarks.techniques.run import Run
from edge_compress.bundle.reader import Bundle
from edge_compress.bundle.schema import StrictModel
from edge_compress.compress.export import export_fp32
from edge_compress.compress.models import load_model
from edge_compress.compress.recipe import Recipe
from edge_compress.compress.timing import paired_ratio
from edge_compress.inference.latency import sample_latency

ROUNDS = 300
SECONDS = 20.0  # at most, for one model


class Latencies(StrictModel):
    """One subject's, measured one after the other."""

    device: str
    threads: int
    original_p50_ms: float
    ratios: dict[str, dict[int, float]]  # by experiment and seed; below 1 is faster


def measure(subject: Subject, runs: list[Run]) -> None:
    """Time what finished runs have made, and write the subject's `latency.json`.

    The ratio of a run is the median of its paired ratios with the original, taken in turns on one
    thread. What was made on another machine keeps the ratio that it has.
    """
    known = read(subject)
    ratios = defaultdict(dict, known.ratios if known else {})
    originals = []
    with TemporaryDirectory() as folder:
        original = _original(subject, Path(folder))
        for run in runs:
            made = _made(run)
            if not run.finished or made is None:
                continue
            models = {"original": original, "made": made}
            samples = sample_latency(models, threads=1, rounds=ROUNDS, seconds=SECONDS)
            ratio = paired_ratio(samples["made"], samples["original"])
            ratios[run.experiment.name][run.seed] = round(ratio, 4)
            originals.append(float(np.median(samples["original"])))
            print(f"{run.name}: {ratio:.2f}x the latency of the original", flush=True)
    if not originals:
        return
    measured = Latencies(
        device=machine(),
        threads=1,
        original_p50_ms=round(float(np.median(originals)), 4),
        ratios=dict(sorted(ratios.items())),
    )
    _path(subject).write_text(measured.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read(subject: Subject) -> Latencies | None:
    """A subject's latencies; None before they are measured."""
    path = _path(subject)
    if not path.is_file():
        return None
    return Latencies.model_validate_json(path.read_text(encoding="utf-8"))


def _path(subject: Subject) -> Path:
    return RESULTS / subject.name / "latency.json"


def _original(subject: Subject, folder: Path) -> Path:
    """The original as ONNX: the user's own file, or exported; its weights do not matter."""
    content = {"target": ANYTHING, **subject.recipe, "name": "original", "passes": [PLACEHOLDER]}
    recipe = Recipe.model_validate(content)
    if recipe.model.source.endswith(".onnx"):
        return Path(recipe.model.source)
    candidate = load_model(recipe.model, recipe.task, class_names=recipe.data.class_names)
    export_fp32(candidate, folder / "original.onnx")
    return folder / "original.onnx"


def _made(run: Run) -> Path | None:
    """The model file that the target would run; None where it is not on this machine."""
    folder = run.experiment.work(run.seed)
    if run.experiment.rival is not None:
        return folder / MADE if (folder / MADE).is_file() else None
    if not (folder / "made.bundle").is_dir():
        return None
    bundle = folder / "made.bundle"
    files = {variant.profile: variant.file for variant in Bundle.open(bundle).manifest.variants}
    return bundle / files.get("ort-cpu", files["fp32"])
