"""A point of the space becomes a candidate with figures: built, shortly trained, exported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.checks import check_passes
from edge_compress.compress.counting import params_and_macs
from edge_compress.compress.disk import DiskError
from edge_compress.compress.export import export
from edge_compress.compress.exported import Exported
from edge_compress.compress.latency import timed_file
from edge_compress.compress.pass_base import Context, Pass, PassFailed
from edge_compress.compress.progress import Cancelled
from edge_compress.compress.quality import Examiner
from edge_compress.compress.recipe import Recipe
from edge_compress.compress.search.carry_out import carry_out
from edge_compress.compress.search.hopeless import Finished, why_hopeless
from edge_compress.compress.search.limits import Limits
from edge_compress.compress.search.record import CandidateFigures
from edge_compress.compress.search.setting import Setting
from edge_compress.compress.search.shorten import can_be_sketched, shortened, sketched
from edge_compress.compress.search.study import StudyError
from edge_compress.compress.search.trial import Outcome, Trial, TrialFailed, TrialStopped
from edge_compress.compress.training.teacher import Teacher

SKETCH_FRAMES = 100  # what passes that look at frames see, when only the structure is wanted
SURELY = 0.15  # beyond a limit: what recovery may still change of a sketch's latency and size
LOOK_AT = {"classification": 1000, "detection": 50}  # frames of a look on the way

LOOKS = "looks"  # the figure of a trial that holds its quality on the way
_NOT_THE_TRIALS_FAULT = (TrialFailed, TrialStopped, Cancelled, StudyError, DiskError, OSError)


class Evaluator:
    """Evaluates the candidates of one worker, one after the other."""

    def __init__(self, setting: Setting, finished: Callable[[], Sequence[Finished]]) -> None:
        """Prepare.

        Args:
            setting: what candidates share.
            finished: those that went all the way until now, of all workers.
        """
        self._setting = setting
        self._finished = finished
        self._config = setting.plan.config
        looked_at = setting.validation.spread(LOOK_AT[setting.plan.shared.task])
        self._examiner = Examiner(looked_at, setting.teacher)
        self._sketch_learn = setting.learn.spread(SKETCH_FRAMES)
        self._sketch_teacher = Teacher(
            setting.teacher.original, self._sketch_learn, setting.progress
        )

    def __call__(self, trial: Trial) -> Outcome:
        """Build, train and measure a candidate.

        Raises:
            TrialFailed: when this candidate cannot be made, whatever went wrong in it.
            TrialStopped: when it is given up on the way.
            Cancelled: when the user has asked the search to stop.
        """
        with telling_failures(), TemporaryDirectory(prefix="edge_compress-") as work:
            return self._evaluated(trial, Path(work))

    def _evaluated(self, trial: Trial, work: Path) -> Outcome:
        setting = self._setting
        recipe = setting.plan.recipe(trial.mapping)
        start = setting.begin(recipe)
        context = self._context(recipe, start)
        check_passes(recipe.passes, start, context)
        limits = self._limits(setting.reference)
        known, margin = CandidateFigures(), SURELY
        if can_be_sketched(recipe.passes):
            passes = sketched(recipe.passes)
            if passes == recipe.passes[: len(passes)]:
                margin = 0.0  # all that is left out comes after the structure is made
            known = self._sketch(passes, start, context, work / "sketch")
            if any(by > margin for by in limits.violations(known).values()):
                return self._outcome(known, limits)
        looks: dict[str, float] = {}

        def look(place: str, candidate: Candidate) -> None:
            looks[place] = self._examiner.quality(candidate)
            if not self._config.stop_hopeless:
                return
            why = why_hopeless(
                place,
                looks[place],
                known,
                self._finished(),
                limits.floor,
                self._config.objectives,
            )
            if why is not None:
                so_far = known.model_copy(update={"quality": looks[place]})
                raise TrialStopped(why, so_far.model_dump(exclude_none=True))

        passes = shortened(recipe.passes, self._config.ranking.epochs)
        made = carry_out(passes, start, context, look)
        files = export(made.candidate, work / "export", setting.learn, progress=setting.progress)
        figures = self._figures(Exported(made.candidate, files))
        reference = setting.reference
        if made.teacher is not context.teacher:  # what was trained is the new measure
            reference = context.quality(made.teacher.original)
        elif reference is None:
            reference = context.quality(start)
        return self._outcome(figures, self._limits(reference), reference=reference, looks=looks)

    def _context(self, recipe: Recipe, start: Candidate) -> Context:
        setting = self._setting
        teacher = setting.teacher
        if start is not teacher.original:
            teacher = Teacher(start, setting.learn, setting.progress)
        return Context(
            teacher=teacher,
            learn=setting.learn,
            validation=setting.validation,
            target=recipe.target,
            seed=recipe.seed,
            progress=setting.progress,
        )

    def _limits(self, reference: float | None) -> Limits:
        budget = self._setting.plan.shared.target.budget
        return Limits.of(budget, reference, self._config.ranking.slack)

    def _sketch(
        self, passes: Sequence[Pass], start: Candidate, context: Context, folder: Path
    ) -> CandidateFigures:
        """Figures of the structure alone; none where a pass cannot do without training."""
        teacher = self._sketch_teacher
        if start is not teacher.original:
            teacher = Teacher(start, self._sketch_learn, context.progress)
        little = replace(context, teacher=teacher, learn=self._sketch_learn)
        try:
            made = carry_out(passes, start, little).candidate
        except PassFailed:
            return CandidateFigures()
        files = export(made, folder, self._sketch_learn, progress=context.progress)
        return self._costs(Exported(made, files))

    def _figures(self, exported: Exported) -> CandidateFigures:
        """All figures; the quality is that of the file which the target would run."""
        profile = exported.deciding(self._setting.plan.shared.target)
        measured = self._setting.bench.measurement(exported, profile, None)
        return self._costs(exported).model_copy(update={"quality": measured.quality})

    def _costs(self, exported: Exported) -> CandidateFigures:
        """What the candidate costs the target, whatever it sees."""
        target = self._setting.plan.shared.target
        file = timed_file(exported, target)
        params, macs = params_and_macs(exported.candidate.module, exported.candidate.input)
        return CandidateFigures(
            **self._setting.meters.costs(file),
            size_bytes=exported.files[exported.deciding(target)].stat().st_size,
            params=params,
            macs=macs,
        )

    def _outcome(self, figures: CandidateFigures, limits: Limits, **more: Any) -> Outcome:
        return Outcome(
            values=[figures.value(name) for name in self._config.objectives],
            violations={str(name): by for name, by in limits.violations(figures).items()},
            figures={
                **figures.model_dump(exclude_none=True),
                "broken": limits.broken(figures),
                **more,
            },
        )


@contextmanager
def telling_failures() -> Iterator[None]:
    """Whatever goes wrong inside is this candidate's failure, but for what stops all of them.

    Raises:
        TrialFailed: instead of what was raised inside.
    """
    try:
        yield
    except _NOT_THE_TRIALS_FAULT:
        raise
    except Exception as error:  # a user's factory, a pass or torch may raise anything
        lines = str(error).strip().splitlines()
        ours = type(error).__module__.startswith("edge_compress") and lines
        raise TrialFailed(
            lines[0] if ours else ": ".join([type(error).__name__, *lines[:1]])
        ) from error
