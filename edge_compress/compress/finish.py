"""The end of a run: the last figures, the report, and the bundle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import yaml

from edge_compress import __version__
from edge_compress.bundle.checksums import file_sha256
from edge_compress.bundle.schema import Manifest, Measurement, Profile, Provenance, Variant
from edge_compress.bundle.writer import BundleWriter
from edge_compress.compress.acceptance import unmet
from edge_compress.compress.counting import layers
from edge_compress.compress.export_plan import precision_of
from edge_compress.compress.export_targets import Extras
from edge_compress.compress.exported import Exported
from edge_compress.compress.footage import Frames
from edge_compress.compress.measure import Bench
from edge_compress.compress.original import Original
from edge_compress.compress.parity_sample import SAMPLE, MadeSample, make_sample
from edge_compress.compress.recipe import Recipe
from edge_compress.compress.record import Boxes, Latencies, PassOutcome, RunRecord, Sample
from edge_compress.compress.report import write_report
from edge_compress.inference.device import device_name
from edge_compress.vision.detections import Detections

LIBRARIES = ("torch", "torchvision", "torch-pruning", "onnx", "onnx2torch", "onnxruntime", "numpy")
SAMPLES = 4
SHOWN_SCORE = 0.3


@dataclass(frozen=True)
class Job:
    """What a whole run works with.

    Attributes:
        recipe: what to do.
        original: what the passes started from.
        learn: frames to learn from.
        validation: frames that passes choose by.
        bench: measures against the original on held-out frames.
    """

    recipe: Recipe
    original: Original
    learn: Frames
    validation: Frames
    bench: Bench


@dataclass(frozen=True)
class Made:
    """What the passes have made.

    Attributes:
        last: the last kept model, with its files.
        outcomes: of each pass.
        reference: quality of the model that nothing was taken from, 0-1.
        extras: the last kept model in other formats.
    """

    last: Exported
    outcomes: tuple[PassOutcome, ...]
    reference: float
    extras: Extras


def finish(
    job: Job,
    made: Made,
    output: Path,
    overwrite: bool,
    recipe_text: str | None,
) -> tuple[Path, RunRecord]:
    """Measure the original and the final files once more in turns, and write the bundle.

    Raises:
        BundleError: when it cannot be written; nothing half-written stays.
    """
    last = made.last
    sample = make_sample(job.bench, last, last.deciding(job.recipe.target))
    record = _record(job, made, sample)
    candidate = last.candidate
    manifest = Manifest(
        name=job.recipe.name,
        task=job.recipe.task,
        labels=candidate.labels,
        input=candidate.input,
        head=candidate.head,
        original=record.original,
        variants=record.variants,
        extras=made.extras.files,
        provenance=Provenance(
            created=record.created,
            model=Path(job.recipe.model.source).name,
            model_sha256=file_sha256(job.original.whole.files["fp32"]),
            frames=record.frames,
            seed=job.recipe.seed,
            libraries=record.libraries,
        ),
    )
    with BundleWriter(output, overwrite=overwrite) as writer, TemporaryDirectory() as temporary:
        for variant in record.variants:
            writer.add(variant.file, last.files[variant.profile])
        writer.add(SAMPLE, sample.png)
        for extra in made.extras.files:
            writer.add(extra.file, made.extras.paths[extra.file])
        report = Path(temporary) / "report.html"
        write_report(report, record)
        writer.add("report.html", report)
        writer.add("recipe.yaml", recipe_text or as_yaml(job.recipe))
        return writer.finish(manifest), record


def as_yaml(recipe: Recipe) -> str:
    """The recipe's values as a recipe file."""
    return yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False)


def _record(job: Job, made: Made, sample: MadeSample) -> RunRecord:
    last, outcomes = made.last, made.outcomes
    recipe, bench, whole = job.recipe, job.bench, job.original.whole
    timed = bench.latencies(last)
    variants = tuple(
        Variant(
            file="model.fp32.onnx" if profile == "fp32" else path.name,
            profile=profile,
            precision=precision_of(profile, path),
            sha256=file_sha256(path),
            measured=bench.measurement(
                last, profile, timed[profile].latency if profile in timed else None
            ),
            sample=sample.of(profile),
        )
        for profile, path in last.files.items()
    )
    deciding = last.deciding(recipe.target)
    (final,) = (variant.measured for variant in variants if variant.profile == deciding)
    compressed = timed[deciding if deciding in timed else "fp32"]
    final = final.model_copy(update={"energy_mj": bench.energy_mj(last)})
    original = bench.measurement(whole, "fp32", timed["original"].latency)
    return RunRecord(
        recipe=recipe.name,
        task=recipe.task,
        target=recipe.target,
        frames=bench.frames.name,
        frames_learn=len(job.learn),
        frames_held_out=len(bench.frames),
        frames_skipped=(*job.learn.skipped, *bench.frames.skipped),
        original=original.model_copy(update={"energy_mj": bench.energy_mj(whole)}),
        final=final,
        outcomes=outcomes,
        variants=variants,
        warnings=(*_warnings(job, made, final), *made.extras.warnings),
        layers_before=tuple(layers(whole.candidate.module, whole.candidate.input)),
        layers_after=tuple(layers(last.candidate.module, last.candidate.input)),
        latencies_ms=Latencies(
            original=timed["original"].samples_ms, compressed=compressed.samples_ms
        ),
        samples=_samples(bench, last, deciding),
        reference_quality=made.reference,
        per_class_ap50=bench.agreement(last, last.files[deciding]).per_class,
        device=device_name(),
        seed=recipe.seed,
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        libraries=library_versions(),
    )


def _warnings(job: Job, made: Made, final: Measurement) -> list[str]:
    warnings = unmet(final, job.recipe.target.budget, made.reference)
    if not any(outcome.kept for outcome in made.outcomes):
        warnings.append("no pass was kept: the bundle holds the original model")
    warnings += _prediction_warnings(job, final)
    if job.recipe.target.profile == "tensorrt" and job.bench.provider == "cpu":
        warnings.append(
            "there is no TensorRT here: latency was measured on the CPU with the float model; "
            "measure the bundle on the robot with `edge_compress profile`"
        )
    return warnings


def _prediction_warnings(job: Job, final: Measurement) -> list[str]:
    if final.predicted is None:
        return []
    table = Path(job.recipe.target.device).name
    warnings = [
        f"latency is predicted from the device table {table} of {final.predicted.device}, not "
        "measured; measure the bundle there with `edge_compress profile`"
    ]
    if job.bench.guessed:
        operators = ", ".join(sorted(job.bench.guessed))
        warnings.append(f"the device table has no {operators}: what they take is guessed")
    return warnings


def _samples(bench: Bench, last: Exported, deciding: Profile) -> tuple[Sample, ...]:
    """Frames from all over the held-out part, those with most to see."""
    found = bench.found(last, last.files[deciding])
    parts = np.array_split(np.arange(len(bench.frames)), min(SAMPLES, len(bench.frames)))
    seen = [int((d.scores >= SHOWN_SCORE).sum()) for d in bench.reference]
    places = [int(max(part, key=lambda i: seen[i])) for part in parts]
    originally = bench.original_in(places)
    return tuple(
        Sample(
            frame=bench.frames.indices[i],
            jpeg=cv2.imencode(".jpg", bench.frames[i], [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes(),
            original=_boxes(original),
            compressed=_boxes(found[i]),
        )
        for i, original in zip(places, originally, strict=True)
    )


def _boxes(detections: Detections) -> Boxes:
    shown = [d for d in detections if d.score >= SHOWN_SCORE]
    return Boxes(
        boxes=tuple((x1, y1, x2, y2) for x1, y1, x2, y2 in (d.box.tolist() for d in shown)),
        scores=tuple(d.score for d in shown),
        names=tuple(d.name for d in shown),
    )


def library_versions() -> dict[str, str]:
    """Versions of what a result depends on, by name."""
    versions = {"edge_compress": __version__}
    for name in LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions
