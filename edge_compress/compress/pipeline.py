"""A recipe from start to bundle: each pass is measured, and kept or rolled back."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from edge_compress.bundle.checksums import file_sha256
from edge_compress.bundle.schema import Measurement, Profile
from edge_compress.bundle.writer import refuse_existing
from edge_compress.compress.acceptance import judge, quality_of
from edge_compress.compress.checks import check_passes
from edge_compress.compress.constraints import restore
from edge_compress.compress.data import open_data
from edge_compress.compress.disk import disk_errors_told
from edge_compress.compress.export import ExportError, export
from edge_compress.compress.export_targets import check_targets, write_extras
from edge_compress.compress.exported import Exported
from edge_compress.compress.fingerprint import fingerprint
from edge_compress.compress.finish import Job, Made, finish
from edge_compress.compress.latency import check_target
from edge_compress.compress.measure import Bench
from edge_compress.compress.original import export_original, load_candidates
from edge_compress.compress.parity import ParityError
from edge_compress.compress.pass_base import Context, Pass, PassFailed
from edge_compress.compress.progress import Progress, Silent
from edge_compress.compress.quantization.error import QuantizationError
from edge_compress.compress.recipe import Recipe
from edge_compress.compress.record import PassOutcome, RunRecord
from edge_compress.compress.reference import load_reference, save_reference
from edge_compress.compress.seeds import seed_everything
from edge_compress.compress.state import RunState, Step
from edge_compress.compress.training.teacher import Teacher
from edge_compress.inference.session import ModelError, ProviderError
from edge_compress.vision.heads import ModelOutputError

# What a pass may do to a model that no longer works; the run goes on with the last one that did.
_FAILURES = (
    PassFailed,
    QuantizationError,  # mistakes in the recipe have been told by then; the model has changed since
    ExportError,
    ParityError,
    ModelOutputError,
    ModelError,
    ProviderError,
)


class Finished(NamedTuple):
    """What a run has made."""

    bundle: Path
    record: RunRecord


def run(
    recipe: Recipe,
    output: Path,
    *,
    state: Path | None = None,
    resume: bool = True,
    overwrite: bool = False,
    recipe_text: str | None = None,
    progress: Progress | None = None,
) -> Finished:
    """Compress the recipe's model and write a bundle.

    A run that is interrupted, killed or loses power goes on after the last finished pass when it is
    started again, and gives the same model as if nothing had happened.

    Args:
        recipe: what to do.
        output: the bundle's folder, `NAME.bundle`.
        state: folder for what is finished; None puts `NAME.state` beside the bundle.
        resume: use what an earlier run of this recipe has finished; False starts anew.
        overwrite: replace a bundle that is there already.
        recipe_text: the recipe as it was written, for the bundle; None writes out its values.
        progress: where to report.

    Raises:
        EdgeCompressError: for a mistake that the user can mend.
        Cancelled: when `progress` says so; the state can be gone on with.
    """
    progress = progress or Silent()
    refuse_existing(output, overwrite=overwrite)
    check_targets(recipe.export)
    check_target(recipe.target)
    seed_everything(recipe.seed)  # a model that is trained from nothing begins with random weights
    whole, start = candidates = load_candidates(recipe)
    base = fingerprint(recipe, whole)  # before checks run the model at sizes of their own
    all_labels = whole.labels if recipe.classes else None
    learn, validation, held_out = open_data(recipe.data, start.labels, progress, whole=all_labels)
    teacher = Teacher(start, learn, progress)
    context = Context(teacher, learn, validation, recipe.target, recipe.seed, progress)
    check_passes(recipe.passes, start, context)
    folder = state or output.with_name(output.name.removesuffix(".bundle") + ".state")
    runs = RunState(folder, base)
    try:
        if not resume:
            runs.forget()
        with disk_errors_told(), runs.workspace() as work:
            original = export_original(recipe, candidates, work, learn)
            bench = Bench(original, held_out, recipe.target, progress)
            job = Job(recipe, original, learn, validation, bench)
            if not bench.labelled:
                bench.reference = load_reference(runs.reference_file) or bench.reference
                save_reference(runs.reference_file, bench.reference)
            passes = _Passes(job, runs, teacher, progress)
            steps, last = passes.run()
            outcomes = tuple(step.outcome for step in steps)
            extras = write_extras(recipe.export, last, work / "extras", learn, progress)
            made = Made(last, outcomes, passes.reference, extras)
            return Finished(*finish(job, made, output, overwrite, recipe_text))
    finally:
        runs.close()


@dataclass
class _Passes:
    """Runs the passes that are not finished yet, from the last kept model to the next."""

    job: Job
    state: RunState
    teacher: Teacher
    progress: Progress
    reference: float = 1.0  # quality of the model that nothing was taken from

    def run(self) -> tuple[list[Step], Exported]:
        """Return every step, and the last kept model."""
        recipe = self.job.recipe
        last = self.job.original.start
        measured: Mapping[Profile, Measurement] = {
            profile: self.job.bench.measurement(last, profile, None) for profile in last.files
        }
        self.reference = quality_of(measured["fp32"])
        steps: list[Step] = []
        written: list[str] = []
        for index, pass_ in enumerate(recipe.passes):
            files = [file_sha256(path) for path in pass_.files]
            written.append(f"{type(pass_).__qualname__} {pass_.model_dump_json()} {files}")
            key = self.state.key(written)
            told = f"pass {index + 1} of {len(recipe.passes)}, {pass_.kind}"
            step = self.state.step(index, key)
            if step is not None:
                self.progress.note(f"{told}: finished in an earlier run")
            else:
                changed = self.state.forget(index)
                why = ": begins anew, since the recipe or the model has changed" if changed else ""
                self.progress.note(told + why)
                step = self._one(pass_, index, key, last, measured)
            steps.append(step)
            verdict = "kept" if step.outcome.kept else "rolled back"
            self.progress.note(f"{told}: {verdict}: {step.outcome.why}")
            if step.outcome.kept:
                # Read back even when it has just been written, so that a resumed run and one that
                # was never interrupted go on from the same bytes.
                last, measured = self.state.load(index, step), step.measured
                if pass_.teaches:
                    self.teacher = Teacher(last.candidate, self.job.learn, self.progress)
                    self.reference = quality_of(measured[last.deciding(recipe.target)])
        return steps, last

    def _one(
        self,
        pass_: Pass,
        index: int,
        key: str,
        last: Exported,
        measured: Mapping[Profile, Measurement],
    ) -> Step:
        job, target = self.job, self.job.recipe.target
        seed = job.recipe.seed + index
        context = Context(self.teacher, job.learn, job.validation, target, seed, self.progress)
        before = measured[last.deciding(target)]
        began = time.monotonic()
        made, figures = None, None
        with self.state.workspace() as work:
            try:
                seed_everything(seed)
                candidate = pass_.run(last.candidate, context)
                restore(candidate.module)  # what an earlier pass was asked for
                files = export(candidate, work / "export", job.learn, progress=self.progress)
                made = Exported(candidate, files)
                figures = job.bench.measure(made, last)
                kept, why = judge(before, figures, target, aim=pass_.aim, reference=self.reference)
                if not kept and job.recipe.judge == "end":
                    kept, why = True, f"{why}, but it is the end that is judged"
                before = before.with_latency(figures.last_latency)
            except _FAILURES as error:
                kept, why = False, str(error)
            outcome = PassOutcome(
                name=pass_.kind,
                kept=kept,
                why=why,
                before=before,
                after=figures.deciding if figures else None,
                latency_ratio=figures.ratio if figures else None,
                seconds=time.monotonic() - began,
                settings=_settings(pass_),
            )
            if made is None or figures is None or not kept:
                step = Step(key=key, outcome=outcome)
                self.state.save(index, step, None)
                return step
            names = {profile: path.name for profile, path in made.files.items()}
            step = Step(key=key, outcome=outcome, files=names, measured=dict(figures.files))
            self.state.save(index, step, made)
            return step


def _settings(pass_: Pass) -> str:
    given = pass_.model_dump(exclude={"kind"}, exclude_defaults=True)
    return ", ".join(f"{name}={value}" for name, value in given.items())
