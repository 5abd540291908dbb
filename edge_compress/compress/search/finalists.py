"""Points of the front, trained in full and measured on held-out frames."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from edge_compress import __version__
from edge_compress.bundle.errors import BundleError
from edge_compress.bundle.schema import StrictModel
from edge_compress.compress import pipeline
from edge_compress.compress.disk import DiskError
from edge_compress.compress.fingerprint import combined
from edge_compress.compress.latency import timed_profile
from edge_compress.compress.progress import Cancelled, Progress
from edge_compress.compress.recipe import load_recipe
from edge_compress.compress.search.limits import Limits, total
from edge_compress.compress.search.meters import Meters
from edge_compress.compress.search.record import CandidateFigures, FinalistRow
from edge_compress.compress.sensitivity.unfinished import write_whole
from edge_compress.compress.state import StateError
from edge_compress.compress.target import Budget

_NOT_ITS_FAULT = (Cancelled, OSError, DiskError, StateError, BundleError)


class Finalist(StrictModel):
    """A finalist as it is kept, so that a search that is gone on with need not train it again.

    Attributes:
        row: for the record.
        figures: of the bundle on held-out frames; latency on the scale of the trials.
        reference: quality on these frames that `max_drop` is taken from; None if it failed.
        recipe: its text.
        seconds: of its training and measuring.
        made_of: hash of its model, its data and the version that made it; empty if it says nothing.
    """

    row: FinalistRow
    figures: CandidateFigures
    reference: float | None
    recipe: str
    seconds: float
    made_of: str = ""

    def limits(self, budget: Budget) -> Limits:
        """The budget, without slack, on the frames that the finalist was measured on."""
        return Limits.of(budget, self.reference)

    def distance(self, budget: Budget) -> float:
        """How far it is from the budget; 0 when it meets it."""
        return total(self.limits(budget).violations(self.figures))


class Finals:
    """Trains finalists, each into a bundle of its own, and remembers those that are done."""

    def __init__(
        self, folder: Path, meters: Meters, contents: Mapping[str, str], progress: Progress
    ) -> None:
        """Prepare.

        Args:
            folder: of the search.
            meters: tell costs on the scale of the trials.
            contents: hashes of model and data.
            progress: where to report.
        """
        self._folder = folder
        self._meters = meters
        self._made_of = combined([__version__, dict(contents)])
        self._progress = progress

    def known(self, number: int, recipe_text: str) -> Finalist | None:
        """The finalist of a trial, if it was finished before, with the same model and data."""
        try:
            text = self._note(number).read_text(encoding="utf-8")
            found = Finalist.model_validate_json(text)
        except (OSError, ValidationError):
            return None
        whole = found.row.bundle is None or (self._folder / found.row.bundle).is_dir()
        same = found.recipe == recipe_text and found.made_of == self._made_of
        return found if same and whole else None

    def train(self, number: int, recipe_text: str) -> Finalist:
        """Run the recipe of a trial; what an interrupted run of it has finished is not run again.

        Raises:
            Cancelled: when `progress` says so.
            OSError: when the disk is full.
        """
        began = time.monotonic()
        name = f"trial_{number:04d}"
        path = self._folder / f"{name}.yaml"
        write_whole(path, recipe_text)
        try:
            finished = pipeline.run(
                load_recipe(path),
                self._folder / f"{name}.bundle",
                overwrite=True,
                recipe_text=recipe_text,
                progress=self._progress,
            )
        except _NOT_ITS_FAULT:
            raise
        except Exception as error:  # noqa: BLE001  a user's factory or torch may raise anything
            row = FinalistRow(number=number, why=str(error) or type(error).__name__)
            figures, reference = CandidateFigures(), None
        else:
            row, figures = self._measured(number, finished)
            reference = finished.record.reference_quality
        finalist = Finalist(
            row=row,
            figures=figures,
            reference=reference,
            recipe=recipe_text,
            seconds=time.monotonic() - began,
            made_of=self._made_of,
        )
        write_whole(self._note(number), finalist.model_dump_json(indent=2))
        return finalist

    def _measured(
        self, number: int, finished: pipeline.Finished
    ) -> tuple[FinalistRow, CandidateFigures]:
        bundle, record = finished
        target, final = record.target, record.final
        files = {variant.profile: bundle / variant.file for variant in record.variants}
        figures = CandidateFigures(
            quality=final.quality,
            **self._meters.costs(files[timed_profile(files, target)]),
            size_bytes=final.size_bytes,
            params=final.params,
            macs=final.macs,
        )
        limits = Limits.of(target.budget, record.reference_quality)
        missed = limits.broken(figures)
        left_out = [f"{o.name} was left out: {o.why}" for o in record.outcomes if not o.kept]
        row = FinalistRow(
            number=number,
            bundle=bundle.name,
            measured=final,
            figures=figures,
            reference_quality=record.reference_quality,
            meets_budget=not missed,
            why="; ".join([*missed, *left_out]),
        )
        return row, figures

    def _note(self, number: int) -> Path:
        return self._folder / f"trial_{number:04d}.json"
