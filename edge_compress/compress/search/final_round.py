"""The last round of a search: which points of the front are trained in full, and how many."""

from __future__ import annotations

from collections.abc import Sequence

from edge_compress.compress.search.finalist_order import next_finalist
from edge_compress.compress.search.finalists import Finalist, Finals
from edge_compress.compress.search.limits import Limits, total
from edge_compress.compress.search.opened import Opened
from edge_compress.compress.search.recipe_text import recipe_text
from edge_compress.compress.search.record import TrialRow
from edge_compress.compress.search.rows import better_first, rows_of
from edge_compress.compress.search.trial import FinishedTrial


def final_round(work: Opened, finals: Finals) -> list[Finalist]:
    """Train finalists until there are enough, or the time is spent; at least one.

    Those that were trained in an earlier run of the search are not trained again.

    Raises:
        Cancelled: when the user has asked the search to stop.
    """
    config = work.plan.config
    trials = {trial.number: trial for trial in work.study.trials()}
    order, sure = _candidates(work, list(trials.values()))
    nothing_fits = bool(order) and order[0].state != "complete"
    done: list[Finalist] = []
    while len(done) < min(config.finalists, len(order)):
        tried = {one.row.number: one.row.meets_budget for one in done}
        place = len(done) if nothing_fits else next_finalist(order, sure, tried)
        if place is None:
            break
        finalist = _finalist(work, finals, trials[order[place].number], done)
        if finalist is None:
            work.progress.note(f"time is spent: {len(done)} of {config.finalists} finalists")
            break
        done.append(finalist)
        if nothing_fits and finalist.row.meets_budget:
            break
    return done


def _finalist(
    work: Opened, finals: Finals, trial: FinishedTrial, done: Sequence[Finalist]
) -> Finalist | None:
    """The finalist of a trial; None when there is no time left for another one."""
    config = work.plan.config
    mapping = work.plan.space.fill(trial.values)
    text = recipe_text({"name": config.name, **mapping}, work.plan.recipe(mapping))
    known = finals.known(trial.number, text)
    if known is not None:
        work.progress.note(f"finalist {trial.number}: finished in an earlier run")
        return known
    if done and config.minutes is not None:
        spent = work.study.seconds + sum(one.seconds for one in done)
        if spent + max(one.seconds for one in done) > 60 * config.minutes:
            return None
    work.progress.note(f"finalist {len(done) + 1} of {config.finalists}: candidate {trial.number}")
    return finals.train(trial.number, text)


def _candidates(work: Opened, trials: Sequence[FinishedTrial]) -> tuple[list[TrialRow], list[bool]]:
    """Whom to choose finalists from, and whether each met the budget without any slack.

    It is the front, the best in the first objective first; with one objective, where the front is
    a point, the best candidates. Where nothing meets the budget: what comes closest first.
    """
    config = work.plan.config
    rows = rows_of(trials)
    complete = better_first((r for r in rows if r.state == "complete"), config.objectives[0])
    violations = {trial.number: trial.violations for trial in trials}
    if complete:
        front = set(work.study.front())
        several = len(config.objectives) > 1
        order = (
            [row for row in complete if row.number in front]
            if several
            else complete[: config.finalists]
        )
    else:
        missing = [row for row in rows if row.state == "infeasible"]
        # What was never trained comes last: nobody knows what it would see.
        order = sorted(missing, key=lambda r: (r.quality is None, total(violations[r.number])))
    budget = work.plan.shared.target.budget
    limits = Limits.of(budget, work.setting.reference)
    return order, [not limits.broken(row) for row in order]
