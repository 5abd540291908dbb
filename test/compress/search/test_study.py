"""A study is opened, found again by its storage alone, and refused when it is another one."""

from __future__ import annotations

import time

import pytest

from edge_compress.compress.progress import Silent
from edge_compress.compress.search.storage import open_storage
from edge_compress.compress.search.study import StudyError, forget_study, stored_config
from edge_compress.compress.search.trial import Outcome
from edge_compress.compress.search.worker import work


def run(study, trials=3):
    work(study, lambda t: Outcome([0.5, 1.0]), trials=trials, minutes=None, progress=Silent())


def test_a_worker_needs_the_storage_alone(make_study, tmp_path):
    make_study(config_text='{"name": "mine"}', storage=tmp_path / "a.journal")
    assert stored_config(tmp_path / "a.journal") == ("s", '{"name": "mine"}')


def test_what_is_remembered_is_there_for_all_workers(make_study):
    one, other = make_study(), make_study()
    assert other.remembered("original_ms") is None
    one.remember("original_ms", 12.5)
    assert other.remembered("original_ms") == 12.5


def test_a_study_of_another_search_is_refused(make_study):
    make_study(config_text="a")
    with pytest.raises(StudyError, match="'s' in it was made from another search; .*--fresh"):
        make_study(config_text="b")


def test_the_same_search_may_be_given_more_trials(make_study):
    make_study(config_text="trials: 5", identity="space")
    assert make_study(config_text="trials: 9", identity="space").config_text == "trials: 5"


def test_a_forgotten_study_begins_afresh(make_study, tmp_path):
    run(make_study(config_text="a"))
    forget_study(tmp_path / "a.journal", "s")
    forget_study(tmp_path / "a.journal", "s")
    study = make_study(config_text="b")
    assert study.trials() == []


def test_seconds_are_those_in_which_somebody_worked(make_study, monkeypatch):
    study = make_study()
    times = iter([100, 110, 500, 505])
    monkeypatch.setattr(time, "time", lambda: next(times))
    run(study, trials=2)
    assert study.seconds == 15


@pytest.mark.parametrize(
    ("names", "asked", "message"),
    [
        ([], None, "holds no study yet"),
        (["a", "b"], None, "holds several studies: a, b; say which"),
        (["a"], "c", "holds no study 'c'; there is a"),
    ],
)
def test_a_study_that_is_not_clear_is_asked_for(make_study, tmp_path, names, asked, message):
    storage = tmp_path / "a.journal"
    open_storage(storage)
    for name in names:
        make_study(name=name, storage=storage)
    with pytest.raises(StudyError, match=message):
        stored_config(storage, asked)


def test_one_of_several_studies_can_be_named(make_study):
    make_study(name="a", config_text="of a")
    study = make_study(name="b", config_text="of b")
    assert stored_config(study.where, "a") == ("a", "of a")
