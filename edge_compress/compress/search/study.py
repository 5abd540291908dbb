"""A study: the trials of one search, in a storage that many workers share."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import optuna
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial

from edge_compress.compress.search.algorithm import Algorithm
from edge_compress.compress.search.rows_of_study import DISCARDED, finished, intervals
from edge_compress.compress.search.samplers import sampler_for
from edge_compress.compress.search.space import Space, Value
from edge_compress.compress.search.storage import (
    StudyError,
    open_storage,
    patiently,
    remove_file,
    shown,
)
from edge_compress.compress.search.trial import FinishedTrial

__all__ = ["Direction", "Study", "StudyError", "forget_study", "open_study", "stored_config"]

Direction = Literal["maximize", "minimize"]

CONFIG = "config"
IDENTITY = "identity"
REMEMBERED = "remembered "
BEGINNING_SECONDS = 5.0  # from when a study is made until its config is there

optuna.logging.set_verbosity(optuna.logging.WARNING)  # `progress` tells what happens


class Study:
    """The trials of one search.

    Attributes:
        name: of the study in its storage.
        where: its storage, without a password.
        space: what is searched.
        objectives: direction of each, by name, in their order.
        config_text: what the search was made from, for workers that know the storage alone.
        optuna: the same as Optuna's object, for its analyses; do not change it.
    """

    def __init__(
        self,
        study: optuna.Study,
        where: str,
        space: Space,
        objectives: Mapping[str, Direction],
    ) -> None:
        self.name = study.study_name
        self.where = where
        self.space = space
        self.objectives = objectives
        self.config_text = str(study.user_attrs[CONFIG])
        self.optuna = study

    def trials(self) -> list[FinishedTrial]:
        """All finished trials, by number. Numbers may be missing: of what had been tried before."""
        known = [finished(trial) for trial in self.all_trials()]
        return [trial for trial in known if trial is not None]

    def front(self) -> list[int]:
        """Numbers of the complete trials that no other complete one dominates."""
        return sorted(trial.number for trial in self.optuna.best_trials)

    @property
    def seconds(self) -> float:
        """How long at least one worker was at work on what is finished, over all runs."""
        total, until = 0.0, 0.0
        for begun, ended in sorted(intervals(self.all_trials())):
            total += max(0.0, ended - max(begun, until))
            until = max(until, ended)
        return total

    def remember(self, key: str, value: object) -> None:
        """Keep a JSON value for all workers, such as the original's latency."""
        patiently(lambda: self.optuna.set_user_attr(REMEMBERED + key, value), self.where)

    def remembered(self, key: str) -> object:
        """What `remember` was given; None if nothing was."""
        attributes = patiently(lambda: self.optuna.user_attrs, self.where)
        value: object = attributes.get(REMEMBERED + key)
        return value

    def all_trials(self) -> list[FrozenTrial]:
        """Optuna's own, running ones too, by number; without those that were discarded."""
        trials = patiently(lambda: self.optuna.get_trials(deepcopy=False), self.where)
        return [trial for trial in trials if DISCARDED not in trial.user_attrs]

    @property
    def storage(self) -> BaseStorage:
        """Optuna's storage, for the workers."""
        return self.optuna._storage


def open_study(
    storage: Path | str,
    name: str,
    space: Space,
    algorithm: Algorithm,
    seed: int,
    objectives: Mapping[str, Direction],
    config_text: str,
    identity: str | None = None,
    first: Sequence[Mapping[str, Value]] = (),
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
        first: values of the first trials, of all or some parameters, such as a point that is known
            to be good.

    Raises:
        StudyError: for a storage that cannot be used, and a study of another identity.
    """
    identity = config_text if identity is None else identity
    where = shown(storage)
    opened = open_storage(storage)
    study = patiently(
        lambda: optuna.create_study(
            storage=opened,
            study_name=name,
            directions=list(objectives.values()),
            sampler=sampler_for(algorithm, seed, space, first),
            load_if_exists=True,
        ),
        where,
    )
    if CONFIG not in study.user_attrs:
        patiently(lambda: study.set_user_attr(IDENTITY, identity), where)
        patiently(lambda: study.set_user_attr(CONFIG, config_text), where)
    if study.user_attrs.get(IDENTITY) != identity:
        raise StudyError(
            f"{where}: the study {name!r} in it was made from another search; give this one "
            "another name, or begin afresh (--fresh)"
        )
    return Study(study, where, space, objectives)


def stored_config(storage: Path | str, name: str | None = None) -> tuple[str, str]:
    """Name and `config_text` of a study, the only one if no name is given.

    Raises:
        StudyError: when there is no such study, or several to choose from.
    """
    where = shown(storage)
    opened = open_storage(storage, must_exist=True)
    names = sorted(study.study_name for study in opened.get_all_studies())
    told = ", ".join(names) or "none"
    if name is None and len(names) > 1:
        raise StudyError(f"{where}: holds several studies: {told}; say which")
    if name is None and not names:
        raise StudyError(f"{where}: holds no study yet; begin the search first")
    name = names[0] if name is None else name
    if name not in names:
        raise StudyError(f"{where}: holds no study {name!r}; there is {told}")
    study = opened.get_study_id_from_name(name)
    until = time.monotonic() + BEGINNING_SECONDS
    while CONFIG not in opened.get_study_user_attrs(study):
        if time.monotonic() > until:
            raise StudyError(f"{where}: the study {name!r} has not been begun by edge_compress")
        time.sleep(0.2)
    return name, str(opened.get_study_user_attrs(study)[CONFIG])


def forget_study(storage: Path | str, name: str) -> None:
    """Remove a study with all its trials; nothing happens if there is none.

    Raises:
        StudyError: for a storage that cannot be reached or written.
    """
    if remove_file(storage):
        return
    opened = open_storage(storage)
    try:
        opened.delete_study(opened.get_study_id_from_name(name))
    except KeyError:
        return
