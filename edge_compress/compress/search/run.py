"""A search from its file to its folder: candidates, finalists, the bundle that fits best."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from edge_compress.bundle.checksums import WRITTEN_LAST
from edge_compress.bundle.reader import Bundle
from edge_compress.bundle.writer import BundleWriter, refuse_existing
from edge_compress.compress.disk import disk_errors_told
from edge_compress.compress.progress import Progress, Silent
from edge_compress.compress.report.search_page import write_search_report
from edge_compress.compress.search.concluded import concluded
from edge_compress.compress.search.config import SearchConfig
from edge_compress.compress.search.errors import SearchError
from edge_compress.compress.search.final_round import final_round
from edge_compress.compress.search.finalists import Finalist, Finals
from edge_compress.compress.search.opened import Opened, opened, stored_plan
from edge_compress.compress.search.plan import Plan
from edge_compress.compress.search.record import SearchRecord
from edge_compress.compress.search.study import forget_study
from edge_compress.compress.sensitivity.unfinished import write_whole

JOURNAL = "study.journal"


class Found(NamedTuple):
    """What a search has made.

    Attributes:
        bundle: the one that fits best.
        folder: with `search.json`, `report.html`, `recipe.yaml`, the study and the finalists.
        record: all figures.
    """

    bundle: Path
    folder: Path
    record: SearchRecord


def search(
    config: SearchConfig,
    output: Path,
    *,
    origin: Path = Path("search"),
    storage: Path | str | None = None,
    fresh: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Found:
    """Try candidates, train the best in full, and write the bundle that fits best.

    A search that is interrupted or killed goes on where it was when it is started again. Where
    nothing meets the budget, the bundle is that of what comes closest, and the record says so.

    Args:
        config: what to search.
        output: the bundle's folder, `NAME.bundle`; all else goes into `NAME.search` beside it.
        origin: the search file, whose folder relative paths are relative to.
        storage: of the study: a journal file or a database's URL; None puts a journal into the
            search's folder.
        fresh: forget an earlier search.
        overwrite: replace a bundle that is there already.
        progress: where to report.

    Raises:
        StudyError: when model, data or device table are no longer those that it was begun with.
        EdgeCompressError: for another mistake that the user can mend.
        Cancelled: when `progress` says so; the search can be gone on with.
    """
    progress = progress or Silent()
    refuse_existing(output, overwrite=overwrite)
    plan = Plan.of(config, origin)
    folder = output.with_name(output.name.removesuffix(".bundle") + ".search")
    with disk_errors_told(), _alone(folder):
        place = storage or folder / JOURNAL
        if fresh:
            forget_study(place, config.name)
            _forget_finalists(folder)
        with opened(plan, place, progress, leads=True) as work:
            work.try_candidates()
            return _finished(work, folder, output, overwrite)


def join(
    storage: Path | str,
    config: SearchConfig | None = None,
    *,
    origin: Path = Path("search"),
    trials: int | None = None,
    minutes: float | None = None,
    progress: Progress | None = None,
) -> None:
    """Help with the trials of a search that another process has begun or will finish.

    Args:
        storage: of its study.
        config: the search; None takes it from the study.
        origin: the search file, where `config` is given.
        trials: another end than that of the config.
        minutes: another end than that of the config.
        progress: where to report.

    Raises:
        EdgeCompressError: for a mistake that the user can mend.
        Cancelled: when `progress` says so; the trial is left for another worker.
    """
    plan = stored_plan(storage) if config is None else Plan.of(config, origin)
    ends = {"trials": trials, "minutes": minutes}
    given = {key: value for key, value in ends.items() if value is not None}
    plan = plan.until(**given)
    with disk_errors_told(), opened(plan, storage, progress or Silent()) as work:
        work.try_candidates()


def _finished(work: Opened, folder: Path, output: Path, overwrite: bool) -> Found:
    setting = work.setting
    finals = Finals(folder, setting.meters, setting.contents, work.progress)
    finalists = final_round(work, finals)
    record, best = concluded(work, finalists)
    write_whole(folder / "search.json", record.model_dump_json(indent=2))
    write_search_report(folder / "report.html", record)
    if best is None:
        raise SearchError(
            f"{work.plan.origin}: nothing was found: {record.warnings[0]}; "
            f"see {folder / 'report.html'}"
        )
    write_whole(folder / "recipe.yaml", best.recipe)
    return Found(_copied(best, folder, output, overwrite), folder, record)


def _copied(finalist: Finalist, folder: Path, output: Path, overwrite: bool) -> Path:
    assert finalist.row.bundle is not None
    bundle = Bundle.open(folder / finalist.row.bundle)
    with BundleWriter(output, overwrite=overwrite) as writer:
        for file in sorted(bundle.path.iterdir()):
            if file.name not in WRITTEN_LAST:
                writer.add(file.name, file)
        return writer.finish(bundle.manifest)


def _forget_finalists(folder: Path) -> None:
    for left in folder.glob("trial_*"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One coordinator a folder.

    Raises:
        SearchError: when another one is at work, or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    except OSError as error:
        raise SearchError(f"{folder}: cannot be written: {error.strerror}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SearchError(
                f"{folder}: a search is at work in it; wait for it, or help it with "
                f"`edge_compress search --worker --storage {folder / JOURNAL}`"
            ) from error
        yield
