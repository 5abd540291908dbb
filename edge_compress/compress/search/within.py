"""The search that a `search` pass makes on the candidate of a running recipe."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.counting import params_and_macs
from edge_compress.compress.export import export
from edge_compress.compress.exported import Exported
from edge_compress.compress.latency import LatencyMeter, timed_file
from edge_compress.compress.measure import Bench
from edge_compress.compress.original import Original
from edge_compress.compress.pass_base import Context, PassFailed
from edge_compress.compress.search.carry_out import carry_out
from edge_compress.compress.search.evaluate import telling_failures
from edge_compress.compress.search.limits import Limits
from edge_compress.compress.search.muted import Muted
from edge_compress.compress.search.opened import DIRECTIONS
from edge_compress.compress.search.record import CandidateFigures
from edge_compress.compress.search.study import open_study
from edge_compress.compress.search.trial import FinishedTrial, Outcome, Trial
from edge_compress.compress.search.worker import work

if TYPE_CHECKING:
    from edge_compress.compress.passes.search import Search


class Within:
    """Tries other passes on one candidate, and remembers the best."""

    def __init__(self, asked: Search, start: Candidate, context: Context, folder: Path) -> None:
        """Export the candidate, and what it is judged by.

        Args:
            asked: what to search.
            start: what the passes are tried on; left unchanged.
            context: of the `search` pass.
            folder: for files; may be removed afterwards.

        Raises:
            ExportError: when the candidate cannot be written as ONNX.
        """
        self._asked = asked
        self._start = start
        self._context = context
        self._folder = folder
        original = context.teacher.original
        whole = Exported(start, export(start, folder / "start", context.learn))
        judge = whole
        if original is not start:
            judge = Exported(original, export(original, folder / "teacher", context.learn))
        muted = Muted(context.progress)
        self._bench = Bench(Original(whole, judge), context.validation, context.target, muted)
        self._meter = LatencyMeter(whole.files["fp32"], context.target)
        # Speed and size are to be gained here, and the whole recipe's limits come at its end.
        self._limits = Limits(floor=max(0.0, context.least_quality), most={})
        self._best: tuple[float, Candidate] | None = None

    def best(self) -> Candidate:
        """Search, and return the best candidate that keeps the limit.

        Raises:
            PassFailed: when there is none.
        """
        asked, progress = self._asked, self._context.progress
        study = open_study(
            self._folder / "study.journal",
            "search",
            asked.space,
            asked.algorithm,
            self._context.seed,
            {asked.objective: DIRECTIONS[asked.objective]},
            asked.model_dump_json(),
        )
        work(study, self._evaluate, trials=asked.trials, minutes=asked.minutes, progress=progress)
        if self._best is None:
            raise PassFailed(_why_nothing(study.trials()))
        return self._best[1]

    def _evaluate(self, trial: Trial) -> Outcome:
        asked, context = self._asked, self._context
        with telling_failures(), TemporaryDirectory(dir=self._folder) as folder:
            passes = asked.filled(trial.mapping)
            made = carry_out(passes, self._start, context).candidate
            files = export(made, Path(folder), context.learn, progress=context.progress)
            figures = self._figures(Exported(made, files))
        cost = figures.cost(asked.objective)
        broken = self._limits.broken(figures)
        if not broken and (self._best is None or cost < self._best[0]):
            self._best = (cost, made)
        return Outcome(
            values=[figures.value(asked.objective)],
            violations={str(k): v for k, v in self._limits.violations(figures).items()},
            figures={"broken": broken},
        )

    def _figures(self, exported: Exported) -> CandidateFigures:
        target = self._context.target
        profile = exported.deciding(target)
        params, macs = params_and_macs(exported.candidate.module, exported.candidate.input)
        return CandidateFigures(
            quality=self._bench.measurement(exported, profile, None).quality,
            latency_ms=self._meter.of(timed_file(exported, target)).ms,
            size_bytes=exported.files[profile].stat().st_size,
            params=params,
            macs=macs,
        )


def _why_nothing(trials: list[FinishedTrial]) -> str:
    """Of the candidate that came closest, else of the first that failed."""
    missed = [trial for trial in trials if trial.state == "infeasible"]
    if missed:
        closest = min(missed, key=lambda trial: sum(trial.violations.values()))
        why = "; ".join(closest.figures.get("broken", []))
        return f"none of {len(trials)} candidates will do; the closest has {why}"
    why = trials[0].why if trials else "there was no time for one"
    return f"none of {len(trials)} candidates could be made: {why}"
