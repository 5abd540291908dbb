"""The analysis of the model that a recipe begins with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edge_compress.compress.data import open_data
from edge_compress.compress.fingerprint import fingerprint
from edge_compress.compress.layer_names import matching
from edge_compress.compress.original import load_candidates
from edge_compress.compress.pass_base import Context
from edge_compress.compress.progress import Progress, Silent
from edge_compress.compress.recipe import Recipe
from edge_compress.compress.sensitivity.analyse import analyse
from edge_compress.compress.sensitivity.record import Sensitivity, Treatment
from edge_compress.compress.sensitivity.unfinished import Unfinished
from edge_compress.compress.training.teacher import Teacher

# A detector takes tens of milliseconds a frame, for every treatment of every layer.
FRAMES = {"classification": 500, "detection": 16}


def analyse_recipe(
    recipe: Recipe,
    treatments: Sequence[Treatment],
    *,
    frames: int | None = None,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    unfinished: Path | None = None,
    progress: Progress | None = None,
) -> Sensitivity:
    """Analyse a recipe's model as it is before any pass.

    Args:
        recipe: its model, classes, data, target and seed count; its passes do not.
        treatments: what is done to each layer, one at a time.
        frames: so many of the frames to choose by are looked at, evenly over all; never held-out
            ones. None takes 500 for a classifier and 16 for a detector.
        include: shell-style patterns of layers; all when empty.
        exclude: shell-style patterns of layers that are left out.
        unfinished: a file that holds what is finished, and is gone on with when it is there. It
            stays; remove it when the result is safe.
        progress: where to report.

    Raises:
        EdgeCompressError: for a mistake that the user can mend.
    """
    progress = progress or Silent()
    whole, start = load_candidates(recipe)
    matching(start.module, include, exclude)  # a slip in a pattern is told before data are read
    all_labels = whole.labels if recipe.classes else None
    data = open_data(recipe.data, start.labels, progress, whole=all_labels)
    chosen = data.validation.spread(frames or FRAMES[recipe.task])
    teacher = Teacher(start, data.learn, progress)
    context = Context(teacher, data.learn, chosen, recipe.target, recipe.seed, progress)
    if any(pass_.teaches for pass_ in recipe.passes):
        progress.note("the recipe trains the model; what is analysed is the model before that")
    depends_on = [
        fingerprint(recipe, start),
        [treatment.model_dump() for treatment in treatments],
        list(chosen.indices),
    ]
    state = Unfinished(unfinished, depends_on) if unfinished else None
    return analyse(
        start,
        context,
        treatments,
        recipe=recipe.name,
        include=include,
        exclude=exclude,
        unfinished=state,
    )
