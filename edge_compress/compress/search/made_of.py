"""What a study was begun with, so that figures of two models or of other data are never mixed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edge_compress.bundle.checksums import file_sha256
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.fingerprint import combined, named_contents
from edge_compress.compress.models.source_files import source_files
from edge_compress.compress.progress import Progress
from edge_compress.compress.search.plan import Plan
from edge_compress.compress.search.study import Study, StudyError

MADE_OF = "made of"


def made_of(plan: Plan, whole: Candidate) -> dict[str, str]:
    """What the search file names but does not hold: a hash of each, by what a reader calls it.

    Args:
        plan: the search.
        whole: its model; where models are searched, the first one that can be built, which stands
            for the code of all.
    """
    found = named_contents(plan.shared, whole)
    models = [one.model for one in plan.samples]
    searched = {path for one in models for path in source_files(one.source, one.weights)}
    others = {path for one in plan.samples for pass_ in one.passes for path in pass_.files}
    if plan.searches_model:
        found["model"] = combined([found["model"], _hashes(searched)])
    return {**found, "other models of its passes": combined(_hashes(others))}


def refuse_another(study: Study, found: Mapping[str, str], progress: Progress) -> None:
    """Remember what a study is made of, and see that it is still the same.

    Raises:
        StudyError: when it is not, naming what has changed.
    """
    before = study.remembered(MADE_OF)
    if not isinstance(before, dict):
        if study.all_trials():  # of an earlier version, or of a worker that was here first
            progress.note(
                "the study does not say what its candidates were made of: they are taken to be of "
                "this model and these data; if they are not, begin afresh (--fresh)"
            )
        study.remember(MADE_OF, dict(found))
        return
    changed = [name for name, content in found.items() if before.get(name) != content]
    if changed:
        raise StudyError(
            f"{study.where}: changed since the study {study.name!r} in it was begun: "
            f"{', '.join(changed)}; its candidates do not compare with new ones: begin afresh "
            "(--fresh), or put back what was there"
        )


def _hashes(paths: set[Path]) -> list[str]:
    return [file_sha256(path) for path in sorted(paths) if path.is_file()]
