"""A worker: claims trials, has them evaluated, and records what became of them."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable

from optuna.trial import FrozenTrial

from edge_compress.compress.progress import Progress
from edge_compress.compress.search.alive import Heartbeat, Watch
from edge_compress.compress.search.attempt import Attempt
from edge_compress.compress.search.storage import StudyError
from edge_compress.compress.search.study import Study
from edge_compress.compress.search.trial import Outcome, Trial, TrialEnded, TrialFailed

ATTEMPTS = 3  # then it is the candidate that kills its workers
REPEATS = 20  # in a row, until nothing new is left in reach
POLL_SECONDS = 1.0  # while others are at work

Evaluate = Callable[[Trial], Outcome]


def work(
    study: Study,
    evaluate: Evaluate,
    *,
    trials: int | None,
    minutes: float | None,
    progress: Progress,
) -> None:
    """Try candidates until the budget of the whole study is spent; one worker among any number.

    A trial whose worker died is tried again, with the same parameters, by whichever worker finds
    it; after 3 attempts it counts as failed. A candidate that was tried before is drawn again, and
    does not count. Returns when no trial is running any more, here or elsewhere, or when nothing
    new is left to try.

    Args:
        study: to work on.
        evaluate: raises `TrialFailed` or `TrialStopped` with a reason; any other exception ends
            the work, and the trial is left for the next worker.
        trials: so many candidates of all workers and runs together; None: no limit.
        minutes: no trial is begun once `study.seconds` is more; None: no limit.
        progress: where to report; it may raise `Cancelled`, and then the trial is left for the next
            worker.

    Raises:
        Cancelled: as told by `progress`.
        StudyError: when the storage cannot be reached any more.
    """
    _Worker(study, evaluate, trials, minutes, progress).work()


class _Worker:
    def __init__(
        self,
        study: Study,
        evaluate: Evaluate,
        trials: int | None,
        minutes: float | None,
        progress: Progress,
    ) -> None:
        self._study = study
        self._evaluate = evaluate
        self._limit = math.inf if trials is None else trials
        left = math.inf if minutes is None else 60 * minutes - study.seconds
        self._deadline = time.monotonic() + left
        self._progress = progress
        self._watch = Watch()
        self._repeats = 0

    def work(self) -> None:
        known = len(self._study.all_trials())
        left = 0 if math.isinf(self._limit) else max(0, int(self._limit) - known)
        for _ in self._progress.track(itertools.count(), "candidates", left):
            attempt = self._next()
            if attempt is None:
                return
            self._run(attempt)

    def _next(self) -> Attempt | None:
        """A claimed trial; None when all is done."""
        while True:
            trials = self._study.all_trials()
            running = [trial for trial in trials if not trial.state.is_finished()]
            orphans = [trial for trial in running if self._watch.is_orphan(trial)]
            in_time = time.monotonic() < self._deadline
            if in_time and orphans:
                attempt = self._taken_over(orphans[0])
            elif in_time and len(trials) < self._limit and not self._is_exhausted(len(trials)):
                attempt = Attempt.new(self._study)
            elif len(orphans) < len(running):
                for _ in self._progress.track((0,), "waiting for other workers", 1):
                    time.sleep(POLL_SECONDS)
                continue
            else:
                return None
            if attempt is not None and self._counts(attempt):
                return attempt

    def _taken_over(self, orphan: FrozenTrial) -> Attempt | None:
        attempt = Attempt.again(self._study, orphan)
        if attempt is None:
            return None
        died = attempt.attempt - 1
        if died >= ATTEMPTS:
            why = f"its worker died {died} times; is there enough memory?"
            self._say(attempt, f"failed: {why}")
            attempt.tell_end(TrialFailed(why))
            return None
        if died:
            self._say(attempt, "is tried again: its worker died")
        return attempt

    def _counts(self, attempt: Attempt) -> bool:
        """Whether it is to be evaluated: not if other workers were quicker, or it is known."""
        others = [t for t in self._study.all_trials() if t.number < attempt.number]
        if len(others) >= self._limit:
            attempt.discard("one more than were asked for")
            return False
        same = [t.number for t in others if self._key(t) == attempt.key]
        if same:
            self._repeats += 1
            attempt.discard(f"the same as {same[0]}")
            if self._repeats == REPEATS:
                self._progress.note("nothing new is left to try in this space")
            return False
        self._repeats = 0
        return True

    def _is_exhausted(self, tried: int) -> bool:
        size = self._study.space.size
        return self._repeats >= REPEATS or (size is not None and tried >= size)

    def _key(self, trial: FrozenTrial) -> str | None:
        if trial.params.keys() != self._study.space.parameters.keys():
            return None  # its worker has not drawn all of them yet
        return self._study.space.key(trial.params)

    def _run(self, attempt: Attempt) -> None:
        try:
            with Heartbeat(attempt.beat):
                outcome = self._evaluate(attempt)
            attempt.tell(outcome)
        except TrialEnded as end:
            attempt.tell_end(end)
            self._say(attempt, f"{'failed' if isinstance(end, TrialFailed) else 'stopped'}: {end}")
        except StudyError:  # there is nothing to give it back to
            raise
        except BaseException:
            attempt.give_back()
            raise
        else:
            names = self._study.objectives
            told = ", ".join(
                f"{name} {value:.4g}"
                for name, value in zip(names, outcome.values, strict=True)
                if value is not None
            )
            broken = [name for name, value in outcome.violations.items() if value > 0]
            self._say(attempt, told + (f"; breaks {', '.join(broken)}" if broken else ""))

    def _say(self, attempt: Attempt, text: str) -> None:
        self._progress.note(f"candidate {attempt.number}: {text}")
