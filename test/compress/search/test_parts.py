"""Limits, shortened passes, the order of finalists, and rows: the parts of a search."""

from __future__ import annotations

import pytest
from digits import Mlp, candidate_of, context_for, load_digits
from searches import finished, row

from edge_compress.compress.passes import Distill, FoldFocus, HalfWeights, Prune, Quantize, Train
from edge_compress.compress.search.carry_out import carry_out
from edge_compress.compress.search.decision import decide
from edge_compress.compress.search.finalist_order import next_finalist
from edge_compress.compress.search.finalists import Finalist
from edge_compress.compress.search.hopeless import Finished, why_hopeless
from edge_compress.compress.search.limits import Limits, binding, total
from edge_compress.compress.search.record import CandidateFigures, FinalistRow
from edge_compress.compress.search.rows import finished_of, histories, rows_of
from edge_compress.compress.search.shorten import can_be_sketched, shortened, sketched
from edge_compress.compress.target import Budget
from edge_compress.compress.training.schedule import Schedule

BUDGET = Budget(max_drop=0.1, latency_ms=8, size_mb=2)


def figures(quality=0.95, latency=7.0, size=1_000_000) -> CandidateFigures:
    return CandidateFigures(quality=quality, latency_ms=latency, size_bytes=size)


# --- limits ---


def test_a_limit_is_broken_by_its_share():
    limits = Limits.of(BUDGET, reference=1.0)
    found = limits.violations(figures(quality=0.81, latency=10, size=1_000_000))
    assert found["quality"] == pytest.approx(0.1)
    assert found["latency"] == pytest.approx(0.25)
    assert found["size"] == pytest.approx(-0.5)
    assert total(found) == pytest.approx(0.35)
    worst, next_one = limits.broken(figures(quality=0.81, latency=10))
    assert worst == "latency 10 ms, at most 8 ms is asked for"
    assert next_one == "quality 0.810, at least 0.900 is asked for"


def test_exactly_what_is_asked_for_is_enough():
    assert Limits.of(BUDGET, 1.0).broken(figures(0.9, 8.0, 2_000_000)) == []


def test_slack_lets_ranking_miss_a_little():
    assert Limits.of(BUDGET, 1.0, slack=0.05).broken(figures(quality=0.86)) == []
    assert Limits.of(BUDGET, 1.0).broken(figures(quality=0.86)) != []


def test_what_is_not_known_breaks_nothing():
    assert Limits.of(BUDGET, None).violations(CandidateFigures(latency_ms=4)) == {"latency": -0.5}


def test_a_predicted_latency_counts_where_none_was_measured():
    known = CandidateFigures(latency_predicted_ms=16)
    assert Limits.of(BUDGET, 1.0).violations(known) == {"latency": 1.0}


def test_the_limit_with_the_least_room_binds():
    told = binding(
        Limits.of(BUDGET, 1.0), figures(0.95, 7.9), [{"latency": 0.5}, {"latency": -0.1}, {}]
    )
    assert told.startswith("latency binds: 7.9 ms, at most 8 ms is asked for")
    assert "1 of 2 candidates" in told
    assert binding(Limits.of(Budget(), None), figures(), []) == ""
    roomy = Budget(max_drop=0.9, latency_ms=10)
    told = binding(Limits.of(roomy, 1.0), figures(latency=7), [])
    assert told == "no limit binds; the nearest is latency: 7 ms, at most 10 ms is asked for"


# --- less training ---


def test_every_schedule_is_shortened_and_none_vanishes():
    passes = (
        Train(schedule=Schedule(epochs=20)),
        Prune(keep=0.5, recovery=Schedule(epochs=1)),
        Quantize(),
        HalfWeights(),
    )
    train, prune, quantize, half = shortened(passes, 0.25)
    assert train.schedule.epochs == 5
    assert prune.recovery.epochs == 1
    assert quantize.fine_tune.schedule.epochs == 1
    assert half == HalfWeights()
    assert passes[0].schedule.epochs == 20


def test_a_sketch_leaves_out_what_only_learns():
    passes = (FoldFocus(), Prune(keep=0.5), Distill(), HalfWeights())
    assert can_be_sketched(passes)
    _, prune, _ = sketched(passes)
    assert prune.recovery is None
    assert prune.keep == 0.5
    assert not can_be_sketched((FoldFocus(), HalfWeights(), Quantize()))


# --- passes one after the other ---


def short(epochs: int) -> Schedule:
    return Schedule(epochs=epochs, batch_size=500)


def beginner():
    """A candidate that knows nothing, with a few digits to learn from."""
    candidate, digits = candidate_of(Mlp(8)), load_digits()
    return candidate, context_for(candidate, learn=digits.learn[:50])


def test_a_student_is_looked_at_after_each_quarter_and_each_pass():
    candidate, context = beginner()
    places = []
    passes = (Train(schedule=short(4)), Distill(schedule=short(2)), Distill(schedule=short(1)))
    made = carry_out(passes, candidate, context, lambda place, _: places.append(place))
    assert places == [
        "train 1/4",
        "train 2/4",
        "train 3/4",
        "train",
        "distill 2/4",
        "distill",
    ]
    assert made.teacher.original is not candidate  # what was trained teaches from then on


def test_a_look_may_end_a_training():
    class Enough(Exception):
        pass

    def look(place, student):
        raise Enough

    candidate, context = beginner()
    with pytest.raises(Enough):
        carry_out((Train(schedule=short(4)),), candidate, context, look)


# --- hopeless ---


def others(*pairs: tuple[float, float], **changes) -> list[Finished]:
    return [Finished({"train 1/4": at}, figures(end, **changes), True) for at, end in pairs]


USUAL = ((0.5, 0.8), (0.6, 0.85), (0.7, 0.9), (0.5, 0.75), (0.4, 0.7))  # gains of 0.3 at most


@pytest.mark.parametrize(("quality", "hopeless"), [(0.42, True), (0.46, False)])
def test_what_nobody_has_ever_gained_is_not_waited_for(quality, hopeless):
    """At 0.46 a gain of 1.5 x 0.3, and two points for the few frames, would still do."""
    found = why_hopeless(
        "train 1/4", quality, figures(None), others(*USUAL), floor=0.9, objectives=["quality"]
    )
    assert (found is not None) == hopeless
    if found:
        assert "quality 0.420 after train 1/4; others gained at most 0.300" in found


def test_a_slow_learner_that_is_faster_than_all_is_not_hopeless():
    """Poor quality alone is no reason where speed is an objective too."""
    known = figures(None, latency=3.0)
    finished = others(*USUAL, (0.9, 0.99))
    both = ["quality", "latency"]
    assert why_hopeless("train 1/4", 0.1, known, finished, None, both) is None
    slow = figures(None, latency=9.0)
    found = why_hopeless("train 1/4", 0.1, slow, finished, None, both)
    assert "another candidate, as good in all else, has 0.800" in found


def test_a_few_others_tell_nothing():
    few = others(*USUAL[:4])
    assert why_hopeless("train 1/4", 0.0, figures(None), few, 0.9, ["quality"]) is None
    many = others(*USUAL)
    assert why_hopeless("train 2/4", 0.0, figures(None), many, 0.9, ["quality"]) is None


# --- finalists ---

ORDER = [row(number) for number in range(7)]


def finals(outcomes: dict[int, bool], sure: int, count: int) -> list[int]:
    """Numbers in the order that they are trained, when `outcomes` says which meet the budget."""
    tried: dict[int, bool] = {}
    while len(tried) < count:
        place = next_finalist(ORDER, [n >= sure for n in range(7)], tried)
        if place is None:
            break
        tried[place] = outcomes[place]
    return list(tried)


def test_what_ranking_is_sure_of_comes_first_then_bolder_ones():
    assert finals({n: n >= 1 for n in range(7)}, sure=3, count=3) == [3, 1, 0]


def test_after_a_miss_come_safer_ones():
    assert finals({n: n >= 4 for n in range(7)}, sure=0, count=3) == [0, 4, 2]


def test_what_is_left_to_spend_goes_to_the_widest_gap():
    assert finals(dict.fromkeys(range(7), True), sure=0, count=3) == [0, 6, 3]


def test_no_finalist_is_trained_twice():
    assert sorted(finals(dict.fromkeys(range(7), False), sure=9, count=99)) == list(range(7))


def finalist(number: int, meets: bool, **known) -> Finalist:
    made = FinalistRow(number=number, bundle="x.bundle", meets_budget=meets)
    return Finalist(row=made, figures=figures(**known), reference=1.0, recipe="", seconds=1)


def test_the_best_finalist_that_meets_the_budget_is_chosen():
    made = [
        finalist(1, True, latency=6.0),
        finalist(2, True, latency=5.0),
        finalist(3, False, quality=0.1, latency=1.0),
    ]
    decision = decide(made, "latency", BUDGET, [])
    assert decision.met
    assert decision.best.row.number == 2
    assert decide(made, "quality", BUDGET, []).best.row.number == 1


def test_where_nothing_meets_it_the_closest_is_told_with_what_binds():
    made = [finalist(1, False, quality=0.5), finalist(2, False, latency=9.0)]
    decision = decide(made, "quality", BUDGET, [{"latency": 1.0}])
    assert not decision.met
    assert decision.best.row.number == 2
    assert decision.binding.startswith("latency binds: 9 ms")
    failed = made[0].model_copy(update={"row": FinalistRow(number=1, why="no")})
    assert decide([failed], "quality", BUDGET, []).best is None


# --- rows ---


def test_rows_tell_why_and_leave_repeats_out():
    late = {"latency_ms": 20.0, "broken": ["latency 20 ms, at most 8 ms is asked for"]}
    trials = [
        finished(0),
        finished(1, state="infeasible", figures=late),
        finished(3, state="failed", why="no such width", figures={}),
    ]
    complete, infeasible, failed = rows_of(trials)
    assert (complete.number, complete.why) == (0, "")
    assert infeasible.why.startswith("latency 20 ms, at most 8 ms is asked for; not trained")
    assert (failed.number, failed.why, failed.quality) == (3, "no such width", None)
    assert [one.feasible for one in finished_of(trials)] == [True, False]


def test_a_history_has_only_what_was_better_than_before():
    rows = [
        row(0, quality=0.8, latency_ms=9.0),
        row(1, quality=0.7, latency_ms=5.0),
        row(2, quality=0.99, state="infeasible"),
        row(3, quality=0.9, latency_ms=6.0),
    ]
    quality, latency = histories(rows, ["quality", "latency"], "tpe")
    assert [(best.number, best.value) for best in quality.best] == [(0, 0.8), (3, 0.9)]
    assert [(best.number, best.value) for best in latency.best] == [(0, 9.0), (1, 5.0)]
