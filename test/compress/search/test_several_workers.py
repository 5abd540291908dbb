"""Many workers, in files and in a database, and one that is killed."""

from __future__ import annotations

import signal

import pytest
from worker_processes import ended, evaluations, rows, start, tried

pytestmark = pytest.mark.slow


def together(storage, log):
    """Two workers at the same time: every trial once, and each worker had some."""
    workers = [start(storage, log, trials=16, die_at="among:2") for _ in range(2)]
    assert [ended(worker) for worker in workers] == [0, 0]
    counts, processes = evaluations(log)
    assert set(counts.values()) == {1}
    assert len(processes) == 2
    found = rows(storage)
    counted = [row for row in found if row.state in {"complete", "infeasible"}]
    assert len(counted) == 16
    assert {row.number for row in counted} == set(counts)
    assert len({str(row.values) for row in counted}) == 16


def killed(storage, log):
    """A worker dies in the middle of a trial; that trial alone is tried again, by the next one."""
    assert ended(start(storage, log, die_at="7")) == -signal.SIGKILL
    assert ended(start(storage, log)) == 0
    counts, _ = evaluations(log)
    assert {number for number, count in counts.items() if count > 1} == {7}
    found = {row.number: row for row in rows(storage)}
    assert len(found) == 12
    assert found[7].attempts == 2
    assert found[7].state in {"complete", "infeasible"}


def test_two_workers_share_a_journal(tmp_path):
    together(tmp_path / "study.journal", tmp_path / "log")


def test_two_workers_share_a_database(postgresql, tmp_path):
    together(postgresql, tmp_path / "log")


def test_a_worker_killed_in_a_trial_loses_nothing_else(tmp_path):
    killed(tmp_path / "study.journal", tmp_path / "log")


def test_nor_does_it_in_a_database(postgresql, tmp_path):
    killed(postgresql, tmp_path / "log")


@pytest.mark.parametrize("algorithm", ["annealing", "genetic", "tpe"])
def test_a_killed_search_goes_on_with_the_same_trials(tmp_path, algorithm):
    whole, broken = tmp_path / "whole.journal", tmp_path / "broken.journal"
    log = tmp_path / "log"
    assert ended(start(whole, log, algorithm=algorithm, trials=16)) == 0
    killed = start(broken, log, algorithm=algorithm, trials=16, die_at="13")
    assert ended(killed) == -signal.SIGKILL
    assert ended(start(broken, log, algorithm=algorithm, trials=16)) == 0
    assert tried(broken) == tried(whole)


def test_a_candidate_that_kills_every_worker_is_given_up(tmp_path):
    storage, log = tmp_path / "study.journal", tmp_path / "log"
    for _ in range(3):
        assert ended(start(storage, log, trials=4, die_at="always:2")) == -signal.SIGKILL
    assert ended(start(storage, log, trials=4, die_at="always:2")) == 0
    found = {row.number: row for row in rows(storage)}
    assert found[2].state == "failed"
    assert "its worker died 3 times" in found[2].why
    assert len(found) == 4
