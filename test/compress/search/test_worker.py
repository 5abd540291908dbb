"""One worker: what is recorded, what counts, when it ends, and what a dead one leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from optuna.trial import TrialState, create_trial

from edge_compress.compress.progress import Cancelled, Silent
from edge_compress.compress.search import alive, worker
from edge_compress.compress.search.algorithm import Annealing, Genetic, Random, Tpe
from edge_compress.compress.search.space import Space
from edge_compress.compress.search.trial import Outcome, TrialFailed, TrialStopped
from edge_compress.compress.search.worker import work


def good(trial):
    width = trial.values["width"]
    return Outcome([width / 30, width], {"latency": width / 20 - 1}, {"params": 10 * width})


def run(study, evaluate=good, *, trials=6, minutes=None, progress=None):
    work(study, evaluate, trials=trials, minutes=minutes, progress=progress or Silent())
    return study.trials()


def test_what_was_found_out_is_recorded(make_study):
    rows = run(make_study(), trials=12)
    assert [row.number for row in rows] == list(range(12))
    for row in rows:
        width = row.values["width"]
        assert row.objectives == (width / 30, width)
        assert row.figures == {"params": 10 * width}
        assert row.violations == {"latency": width / 20 - 1}
        assert row.state == ("infeasible" if width > 20 else "complete")
        assert row.worker.endswith(f":{os.getpid()}")
        assert row.attempts == 1
        assert row.seconds > 0
    assert {row.state for row in rows} == {"infeasible", "complete"}


def test_the_front_holds_what_meets_the_budget_and_nothing_beats(make_study):
    study = make_study()
    rows = run(study, trials=12)
    feasible = [row for row in rows if row.state == "complete"]
    # Wider is better and slower, so that all of them are on the front, but for equal widths.
    assert set(study.front()) == {row.number for row in feasible}


def test_failed_and_stopped_trials_are_counted_with_their_reasons(make_study):
    def evaluate(trial):
        if trial.number == 1:
            raise TrialFailed("the factory raises ValueError: 3 channels", {"params": 7})
        if trial.number == 2:
            raise TrialStopped("much worse than the others after 1 epoch")
        return good(trial)

    rows = run(make_study(), evaluate, trials=4)
    assert [row.state for row in rows if row.number in {1, 2}] == ["failed", "stopped"]
    assert rows[1].why == "the factory raises ValueError: 3 channels"
    assert rows[1].figures == {"params": 7}
    assert rows[1].objectives == ()
    assert rows[2].why == "much worse than the others after 1 epoch"
    assert len(rows) == 4


def test_what_was_not_measured_may_be_left_out_where_a_constraint_is_broken(make_study):
    study = make_study(algorithm=Tpe(start=3))
    rows = run(study, lambda t: Outcome([None, 9.0], {"size": 0.5}), trials=6)
    assert [row.objectives for row in rows] == [(None, 9.0)] * 6
    assert study.front() == []
    with pytest.raises(ValueError, match="only when a constraint is broken"):
        run(study, lambda t: Outcome([None, 9.0]), trials=7)


@pytest.mark.parametrize("values", [[1.0], [float("nan"), 1.0]])
def test_an_outcome_that_does_not_fit_is_our_own_fault(make_study, values):
    with pytest.raises(ValueError, match="needed|not a number"):
        run(make_study(), lambda trial: Outcome(values))


def test_nothing_is_evaluated_twice(make_study):
    space = Space.of(
        {"passes": [{"kind": "prune", "optional": True, "keep": {"search": [0.25, 0.5]}}]}
    )
    seen = []

    def evaluate(trial):
        seen.append(str(trial.mapping))
        return Outcome([0.0, 0.0])

    # 4 combinations of values, but only 3 recipes: without the pass its `keep` is nothing.
    rows = run(make_study(space), evaluate, trials=None)
    assert len(seen) == len(set(seen)) == len(rows) == space.size == 3


def test_the_first_trials_may_be_given(make_study):
    study = make_study(first=[{"width": 17, "kind": "residual"}, {"width": 3}])
    rows = run(study, trials=4)
    assert rows[0].values == {"width": 17, "kind": "residual"}
    assert rows[1].values["width"] == 3


def test_trials_are_those_of_all_runs_together(make_study):
    assert len(run(make_study(), trials=3)) == 3
    assert len(run(make_study(), trials=3)) == 3
    assert len(run(make_study(), trials=5)) == 5


def test_no_trial_is_begun_once_the_time_is_over(make_study):
    study = make_study()
    assert run(study, minutes=0) == []
    run(study, trials=2)
    assert run(make_study(), trials=None, minutes=study.seconds / 120) == study.trials()


@pytest.mark.parametrize(
    "algorithm", [Random(), Genetic(population=4), Annealing(start=4), Tpe(start=4)]
)
def test_the_same_seed_gives_the_same_trials(make_study, tmp_path, algorithm):
    studies = [make_study(algorithm=algorithm, storage=tmp_path / f"{i}.journal") for i in (1, 2)]
    first, second = ([row.values for row in run(study, trials=10)] for study in studies)
    assert first == second
    other = make_study(algorithm=algorithm, storage=tmp_path / "3.journal", seed=1)
    assert [row.values for row in run(other, trials=10)] != first


def test_algorithms_go_ways_of_their_own(make_study, tmp_path):
    ways = set()
    for algorithm in (Random(), Genetic(population=4), Annealing(start=4), Tpe(start=4)):
        study = make_study(algorithm=algorithm, storage=tmp_path / f"{algorithm.kind}.journal")
        ways.add(str([row.values for row in run(study, trials=12)]))
    assert len(ways) == 4


class StopsAfter(Silent):
    """Is cancelled at the nth candidate."""

    def __init__(self, count):
        self.left = count

    def track(self, items, what, total):
        for item in items:
            if what == "epochs":
                self.left -= 1
                if self.left < 0:
                    raise Cancelled
            yield item


def test_a_cancelled_trial_is_left_for_the_next_worker(make_study, tmp_path):
    whole = [row.values for row in run(make_study(storage=tmp_path / "whole.journal"), trials=5)]
    progress = StopsAfter(2)

    def evaluate(trial):
        for _ in progress.track(range(1), "epochs", 1):
            pass
        return good(trial)

    study = make_study()
    with pytest.raises(Cancelled):
        run(study, evaluate, trials=5, progress=progress)
    assert len(study.trials()) == 2
    rows = run(make_study(), trials=5)
    assert [row.values for row in rows] == whole
    assert rows[2].attempts == 1, "it was not the trial's fault"


def test_a_fault_of_ours_is_no_failed_trial(make_study):
    def evaluate(trial):
        raise ZeroDivisionError

    study = make_study()
    with pytest.raises(ZeroDivisionError):
        run(study, evaluate)
    assert study.trials() == []
    assert run(make_study(), trials=2)[0].number == 0


def stale(study, who, attempt=1):
    """A trial that some other process has begun."""
    claim = {"claim": {"worker": who, "attempt": attempt}, "begun": 0.0}
    template = create_trial(state=TrialState.RUNNING, user_attrs=claim)
    study.storage.create_new_trial(study.optuna._study_id, template)


def dead_worker():
    """Who a process was that is gone."""
    code = (
        "import json; from edge_compress.compress.search.alive import this_worker; "
        "print(json.dumps(this_worker()))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(told.stdout)


def test_the_trial_of_a_dead_worker_is_tried_again_at_once(make_study):
    study = make_study()
    stale(study, dead_worker())
    rows = run(study, trials=3)
    assert [row.number for row in rows] == [0, 1, 2]
    assert [row.attempts for row in rows] == [2, 1, 1]


def test_a_silent_worker_on_another_machine_is_given_up_after_a_while(make_study, monkeypatch):
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.01)
    elsewhere = {**alive.this_worker(), "host": "robot-7"}
    study = make_study()
    stale(study, elsewhere)
    order = []

    def evaluate(trial):
        order.append(trial.number)
        monkeypatch.setattr(alive, "GRACE_SECONDS", 0.05)  # once there is nothing else to do
        return good(trial)

    run(study, evaluate, trials=3)
    assert sorted(order) == [0, 1, 2]
    assert order[0] == 1, "nobody waits while there are other trials"


def test_a_candidate_that_kills_its_workers_fails_in_the_end(make_study):
    study = make_study()
    stale(study, dead_worker(), attempt=worker.ATTEMPTS)
    rows = run(study, trials=2)
    assert rows[0].state == "failed"
    assert "its worker died 3 times" in rows[0].why
    assert rows[1].state in {"complete", "infeasible"}


def test_a_worker_that_is_slow_but_alive_keeps_its_trial(make_study, monkeypatch):
    """Its trial is seen as running by another worker, and does not come to it."""
    monkeypatch.setattr(alive, "BEAT_SECONDS", 0.01)
    study = make_study()

    def evaluate(trial):
        running = [t for t in study.all_trials() if not t.state.is_finished()]
        watch = alive.Watch()
        assert [watch.is_orphan(t) for t in running] == [False]
        return good(trial)

    run(study, evaluate, trials=2)
