"""A study: the trials of one search, in a storage that many workers share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import optuna

from edge_compress.compress.progress import Progress
from edge_compress.compress.search.algorithm import Algorithm
from edge_compress.compress.search.space import Space
from edge_compress.compress.search.trial import FinishedTrial, Outcome, Trial
from edge_compress.errors import EdgeCompressError

Direction = Literal["maximize", "minimize"]


class StudyError(EdgeCompressError):
    """The storage or the study in it cannot be used; the message says why and what to do."""


class Study:
    """The trials of one search.

    Attributes:
        name: of the study in its storage.
        space: what is searched.
        objectives: direction of each, by name, in their order.
        config_text: what the search was made from, for workers that know the storage alone.
        optuna: the same as Optuna's object, for its analyses; do not change it.
    """

    name: str
    space: Space
    objectives: Mapping[str, Direction]
    config_text: str
    optuna: optuna.Study

    def trials(self) -> list[FinishedTrial]:
        """All finished trials, by number."""
        raise NotImplementedError

    def front(self) -> list[int]:
        """Numbers of the complete trials that no other complete one dominates; no repeats."""
        raise NotImplementedError

    @property
    def seconds(self) -> float:
        """How long at least one worker was at work, over all runs."""
        raise NotImplementedError

    def remember(self, key: str, value: object) -> None:
        """Keep a JSON value for all workers, such as the original's latency."""
        raise NotImplementedError

    def remembered(self, key: str) -> object:
        """What `remember` was given; None if nothing was."""
        raise NotImplementedError


def open_study(
    storage: Path | str,
    name: str,
    space: Space,
    algorithm: Algorithm,
    seed: int,
    objectives: Mapping[str, Direction],
    config_text: str,
    identity: str | None = None,
) -> Study:
    """Open a study to work on it; it is made if it is not there.

    Args:
        storage: path of a journal file, or ``postgresql://user:password@host:port/database``.
        name: of the study; a database holds many.
        space: what is searched.
        algorithm: how.
        seed: with one worker the same seed gives the same trials, whether or not it was killed.
        objectives: direction of each, by name.
        config_text: stored for workers that know the storage alone.
        identity: what must be the same for a study to go on, so that, say, a search can be
            given more trials; `config_text` if unset.

    Raises:
        StudyError: for a storage that cannot be used, and a study of another identity.
    """
    raise NotImplementedError


def stored_config(storage: Path | str, name: str | None = None) -> tuple[str, str]:
    """Name and `config_text` of a study, the only one if no name is given.

    Raises:
        StudyError: when there is no such study, or several to choose from.
    """
    raise NotImplementedError


def forget_study(storage: Path | str, name: str) -> None:
    """Remove a study with all its trials; nothing happens if there is none.

    Raises:
        StudyError: for a storage that cannot be reached or written.
    """
    raise NotImplementedError


def work(
    study: Study,
    evaluate: Callable[[Trial], Outcome],
    *,
    trials: int | None,
    minutes: float | None,
    progress: Progress,
) -> None:
    """Try candidates until the budget of the whole study is spent; one worker among any number.

    A trial whose worker died is tried again, with the same parameters, by whichever worker finds
    it; after 3 attempts it counts as failed. A candidate that was tried before is not evaluated
    again, and counts no second time. Returns when no trial is running any more, here or elsewhere.

    Args:
        study: to work on.
        evaluate: raises `TrialFailed` or `TrialStopped` with a reason; any other exception ends
            the work, and the trial is left for the next worker.
        trials: so many different candidates of all workers and runs together; None: no limit.
        minutes: no trial is begun once `study.seconds` is more; None: no limit.
        progress: where to report; it may raise `Cancelled`, and then the trial is left for the next
            worker.

    Raises:
        Cancelled: as told by `progress`.
        StudyError: when the storage cannot be reached any more.
    """
    raise NotImplementedError
