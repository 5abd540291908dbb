"""A search's study and setting, opened by whoever works on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from edge_compress.compress.progress import Progress
from edge_compress.compress.recipe_file import validated
from edge_compress.compress.search.config import SearchConfig
from edge_compress.compress.search.errors import SearchError
from edge_compress.compress.search.evaluate import Evaluator
from edge_compress.compress.search.plan import Plan
from edge_compress.compress.search.record import ObjectiveName
from edge_compress.compress.search.rows import finished_of
from edge_compress.compress.search.setting import Setting
from edge_compress.compress.search.study import (
    Direction,
    Study,
    open_study,
    stored_config,
)
from edge_compress.compress.search.worker import work

DIRECTIONS: dict[ObjectiveName, Direction] = {
    "quality": "maximize",
    "latency": "minimize",
    "size": "minimize",
    "energy": "minimize",
}
PROBES = 4  # candidates, after which it is known how long a finalist will take
MOST_FOR_FINALISTS = 0.5  # of the time
MOST_FOR_ONE = 0.8


@dataclass(frozen=True)
class Opened:
    """What a worker has at hand."""

    plan: Plan
    study: Study
    setting: Setting
    progress: Progress

    def try_candidates(self) -> None:
        """Work on the study until its trials or its time are spent.

        Raises:
            Cancelled: when `progress` says so; the study can be gone on with.
            StudyError: when the storage is lost.
        """
        config = self.plan.config
        evaluate = Evaluator(self.setting, lambda: finished_of(self.study.trials()))
        if config.minutes is not None:
            probes = PROBES if config.trials is None else min(PROBES, config.trials)
            self._work(evaluate, probes, config.minutes)
        self._work(evaluate, config.trials, self._minutes())

    def _work(self, evaluate: Evaluator, trials: int | None, minutes: float | None) -> None:
        work(self.study, evaluate, trials=trials, minutes=minutes, progress=self.progress)

    def _minutes(self) -> float | None:
        """For the trials; the rest is kept for the finalists, which train in full."""
        config = self.plan.config
        if config.minutes is None:
            return None
        one = self.seconds_of_a_finalist() / 60
        kept = min(one * config.finalists, MOST_FOR_FINALISTS * config.minutes)
        return config.minutes - min(max(kept, one), MOST_FOR_ONE * config.minutes)

    def seconds_of_a_finalist(self) -> float:
        """What training one in full will take: as long as the slowest of its short trainings."""
        ranking = self.plan.config.ranking
        seconds = [
            trial.seconds
            for trial in self.study.trials()
            if trial.figures.get("quality") is not None
        ]
        return max(seconds, default=0.0) / (ranking.epochs * ranking.frames)


@contextmanager
def opened(
    plan: Plan, storage: Path | str, progress: Progress, *, leads: bool = False
) -> Iterator[Opened]:
    """Open the study, the model and the data.

    Args:
        plan: the search.
        storage: of its study.
        progress: where to report.
        leads: refuse a study that was begun with another model or other data.

    Raises:
        EdgeCompressError: for whatever is wrong with one of them.
    """
    config = plan.config
    text = json.dumps(
        {"file": str(plan.origin.resolve()), "search": config.model_dump(mode="json")}
    )
    study = open_study(
        storage,
        config.name,
        plan.space,
        config.algorithm,
        config.seed,
        {name: DIRECTIONS[name] for name in config.objectives},
        text,
        identity=config.identity,
        first=config.first,
    )
    with TemporaryDirectory(prefix="edge_compress-") as folder:
        setting = Setting.open(plan, Path(folder), progress, study, leads=leads)
        yield Opened(plan, study, setting, progress)


def stored_plan(storage: Path | str, name: str | None = None) -> Plan:
    """The plan of a search that somebody else has begun, by its storage alone.

    Raises:
        StudyError: when there is no such study, or several to choose from.
        SearchError: when its files are not where they are on the other machine.
    """
    _, text = stored_config(storage, name)
    content = json.loads(text)
    origin = Path(content["file"])
    if not origin.parent.is_dir():
        raise SearchError(
            f"{_shown(storage)}: the search was begun in {origin.parent}, which is not on this "
            "machine; put its files there, or give your own copy of the search file"
        )
    return Plan.of(validated(SearchConfig, content["search"], origin), origin)


def _shown(storage: Path | str) -> str:
    """The storage without its password."""
    parts = urlsplit(str(storage))
    return str(storage).replace(f":{parts.password}@", ":…@") if parts.password else str(storage)
