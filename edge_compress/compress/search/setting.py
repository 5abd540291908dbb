"""What all candidates of one worker share: frames, teacher, yardstick; opened once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.checks import PassError, check_passes
from edge_compress.compress.data import open_data
from edge_compress.compress.data.config import Data
from edge_compress.compress.data.frames import kept_apart, some_of
from edge_compress.compress.footage import Frames
from edge_compress.compress.measure import Bench
from edge_compress.compress.models.errors import ModelSourceError
from edge_compress.compress.original import Original, export_original, load_candidates
from edge_compress.compress.pass_base import Context
from edge_compress.compress.progress import Progress
from edge_compress.compress.recipe import Recipe
from edge_compress.compress.search.errors import SearchError
from edge_compress.compress.search.made_of import made_of, refuse_another
from edge_compress.compress.search.meters import Meters, check_meters, wants_energy
from edge_compress.compress.search.muted import Muted
from edge_compress.compress.search.plan import Plan
from edge_compress.compress.search.study import Study
from edge_compress.compress.seeds import seed_everything
from edge_compress.compress.training.teacher import Teacher

CHOOSE_BY = 0.2  # share of frames to learn from that only chooses, where the recipe has none apart


@dataclass(frozen=True)
class Setting:
    """Opened once by each worker.

    Attributes:
        plan: the search.
        start: what every candidate begins with; None where the model itself is searched.
        yardstick: the original that latency is compared with. Where the model is searched, a
            network of the space takes its place.
        learn: frames to learn from while ranking.
        validation: frames to choose by, apart from `learn`. Held-out ones are not here.
        teacher: of `start`, or of the yardstick.
        bench: measures on `validation`.
        meters: tell latency and energy.
        reference: quality of `start`, 0-1; None without one.
        progress: shows bars alone.
        contents: hashes of model and data, by what a reader calls them; none where it does not
            lead.
    """

    plan: Plan
    start: Candidate | None
    yardstick: Original
    learn: Frames
    validation: Frames
    teacher: Teacher
    bench: Bench
    meters: Meters
    reference: float | None
    progress: Progress
    contents: Mapping[str, str]

    @classmethod
    def open(
        cls, plan: Plan, work: Path, progress: Progress, study: Study, *, leads: bool = False
    ) -> Setting:
        """Load the model and the data, and see that at least one recipe of the space can begin.

        Args:
            plan: the search.
            work: a folder of this worker's own, for the yardstick's files.
            progress: where to report.
            study: what the yardstick takes on this machine is shared there.
            leads: see that model and data are those that the study was begun with. Another
                worker's may be copies on another machine, of other times of change.

        Raises:
            StudyError: when they are not.
            SearchError: when no network of the space can be built.
            EdgeCompressError: for whatever else is wrong with model, data or passes.
        """
        recipe = plan.shared
        check_meters(plan.config, recipe.target)
        if plan.searches_model:
            recipe, candidates = _first_that_can_be_built(plan)
        else:
            candidates = _loaded(recipe)
        whole, start = candidates
        contents: dict[str, str] = {}
        if leads:
            contents = made_of(plan, whole)
            refuse_another(study, contents, progress)
        all_labels = whole.labels if recipe.classes else None
        data = open_data(recipe.data, start.labels, progress, whole=all_labels)
        learn, validation = _for_ranking(data, plan.config.ranking.frames)
        muted = Muted(progress)
        teacher = Teacher(start, learn, muted)
        context = Context(teacher, learn, validation, recipe.target, recipe.seed, muted)
        _check(plan, start, context)
        yardstick = export_original(recipe, candidates, work / "yardstick", learn)
        bench = Bench(yardstick, validation, recipe.target, muted)
        reference = None
        if not plan.searches_model:
            reference = bench.measurement(yardstick.start, "fp32", None).quality
        return cls(
            plan=plan,
            start=None if plan.searches_model else start,
            yardstick=yardstick,
            learn=learn,
            validation=validation,
            teacher=teacher,
            bench=bench,
            meters=Meters.of(
                yardstick.whole.files["fp32"],
                recipe.target,
                study,
                energy=wants_energy(plan.config, recipe.target),
            ),
            reference=reference,
            progress=muted,
            contents=contents,
        )

    def begin(self, recipe: Recipe) -> Candidate:
        """The model that a recipe begins with.

        Raises:
            ModelSourceError: when it cannot be built, or has other classes than the rest.
        """
        if self.start is not None:
            return self.start
        _, start = _loaded(recipe)
        known = self.teacher.original.labels
        if start.labels != known:
            raise ModelSourceError(
                f"{recipe.model.source}: its {len(start.labels)} classes are not the "
                f"{len(known)} of the other candidates"
            )
        return start


def _loaded(recipe: Recipe) -> tuple[Candidate, Candidate]:
    seed_everything(recipe.seed)  # a model that is trained from nothing begins with random weights
    return load_candidates(recipe)


def _first_that_can_be_built(plan: Plan) -> tuple[Recipe, tuple[Candidate, Candidate]]:
    failure: Exception | None = None
    for recipe in plan.samples:
        try:
            return recipe, _loaded(recipe)
        except ModelSourceError as error:
            failure = error
    raise SearchError(
        f"{plan.origin}: none of the {len(plan.samples)} networks that were tried can be built; "
        f"the last one: {failure}"
    ) from failure


def _check(plan: Plan, start: Candidate, context: Context) -> None:
    """See that the passes of at least one recipe fit; those of others fail as trials."""
    failure: PassError | None = None
    for recipe in plan.samples:
        try:
            return check_passes(recipe.passes, start, context)
        except PassError as error:
            failure = error
    assert failure is not None
    raise SearchError(f"{plan.origin}: in `recipe`, {failure}") from failure


def _for_ranking(data: Data, share: float) -> tuple[Frames, Frames]:
    """Frames to learn from and to choose by: apart, so that learning by heart does not pay."""
    learn, validation = data.learn, data.validation
    if set(learn.indices) & set(validation.indices):
        if learn.truth is None:
            learn, validation = kept_apart(learn, CHOOSE_BY)
            validation = some_of(validation)
        else:  # labelled pictures may lie in the order of their classes
            every = round(1 / CHOOSE_BY)
            rest = [place for place in range(len(learn)) if place % every]
            learn, validation = (learn.subset(rest) if rest else learn), learn[::every]
    return learn.spread(max(1, round(share * len(learn)))), validation
