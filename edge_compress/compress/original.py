"""The model before any pass: the user's own, and the part of it that the robot needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.export import export
from edge_compress.compress.exported import Exported
from edge_compress.compress.footage import Frames
from edge_compress.compress.models import load_model
from edge_compress.compress.models.classes import select_classes
from edge_compress.compress.models.onnx_file import runs_as_it_is
from edge_compress.compress.parity import FRAMES as PARITY_FRAMES
from edge_compress.compress.recipe import Recipe
from edge_compress.compress.state import check_picklable


@dataclass(frozen=True)
class Original:
    """Where a run starts.

    Attributes:
        whole: the user's model and, where it can be run as it is, the user's own file: what size
            and latency are compared with.
        start: the same model with only the classes that the recipe asks for: the teacher, the
            reference of agreement, and what the first pass gets.
    """

    whole: Exported
    start: Exported


def load_candidates(recipe: Recipe) -> tuple[Candidate, Candidate]:
    """The whole model, and the one that has only the recipe's classes.

    Raises:
        EdgeCompressError: when it cannot be loaded, or could not be saved between passes.
    """
    # Annotations may be long to read: they are asked only when they are needed.
    names = () if recipe.model.labels else recipe.data.class_names
    whole = load_model(recipe.model, recipe.task, names)
    start = select_classes(whole, recipe.classes) if recipe.classes else whole
    check_picklable(start)
    return whole, start


def export_original(
    recipe: Recipe, candidates: tuple[Candidate, Candidate], folder: Path, learn: Frames
) -> Original:
    """Write both as ONNX; a model that cannot be exported is told here, before any pass.

    Raises:
        ExportError: when torch cannot write it.
        ParityError: when ONNX Runtime computes something else.
    """
    whole, narrowed = candidates
    few = learn[:PARITY_FRAMES]
    start = Exported(narrowed, export(narrowed, folder / "start", few))
    own = Path(recipe.model.source)
    if runs_as_it_is(own):  # the user's own file is what must be beaten
        original = Exported(whole, {"fp32": own})
        return Original(original, start if recipe.classes else original)
    if recipe.classes:
        return Original(Exported(whole, export(whole, folder / "whole", few)), start)
    return Original(start, start)
