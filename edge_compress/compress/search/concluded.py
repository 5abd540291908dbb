"""The end of a search: everything that was found, as one record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

from edge_compress.compress.counting import params_and_macs
from edge_compress.compress.finish import library_versions
from edge_compress.compress.search.decision import decide
from edge_compress.compress.search.finalists import Finalist
from edge_compress.compress.search.importance import importance
from edge_compress.compress.search.opened import Opened
from edge_compress.compress.search.record import CandidateFigures, SearchRecord, TrialRow
from edge_compress.compress.search.rows import histories, rows_of
from edge_compress.compress.search.setting import Setting


def concluded(work: Opened, finalists: Sequence[Finalist]) -> tuple[SearchRecord, Finalist | None]:
    """The record of a search, and the finalist that fits best; None when none could be made."""
    plan, study, setting = work.plan, work.study, work.setting
    config, recipe = plan.config, plan.shared
    trials = study.trials()
    rows = rows_of(trials)
    decision = decide(
        finalists,
        config.objectives[0],
        recipe.target.budget,
        [trial.violations for trial in trials],
    )
    best = decision.best
    record = SearchRecord(
        name=config.name,
        task=recipe.task,
        device=setting.meters.device,
        target=recipe.target,
        labelled=setting.validation.truth is not None,
        objectives=config.objectives,
        algorithm=config.algorithm.kind,
        seed=config.seed,
        space={name: parameter.text for name, parameter in plan.space.parameters.items()},
        trials=rows,
        front=tuple(study.front()),
        finalists=tuple(finalist.row for finalist in finalists),
        chosen=best.row.number if best and decision.met else None,
        closest=best.row.number if best and not decision.met else None,
        binding=decision.binding,
        original=_original(setting),
        reference_quality=setting.reference,
        importance=importance(rows, config.objectives),
        histories=histories(rows, config.objectives, config.algorithm.kind),
        recipe=best.recipe if best else "",
        warnings=tuple(_warnings(rows, finalists, best)),
        seconds=study.seconds + sum(finalist.seconds for finalist in finalists),
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        libraries=library_versions(),
    )
    return record, best


def _original(setting: Setting) -> CandidateFigures | None:
    """Figures of the model that every candidate begins with, on the frames to choose by."""
    if setting.start is None:
        return None
    whole = setting.yardstick.whole
    params, macs = params_and_macs(whole.candidate.module, whole.candidate.input)
    return CandidateFigures(
        quality=setting.reference,
        **setting.meters.original(whole.files["fp32"]),
        size_bytes=whole.files["fp32"].stat().st_size,
        params=params,
        macs=macs,
    )


def _warnings(
    rows: Sequence[TrialRow], finalists: Sequence[Finalist], best: Finalist | None
) -> list[str]:
    """What a reader must know, the gravest first."""
    warnings = []
    failed = [row for row in rows if row.state == "failed"]
    if best is None:
        undone = [finalist.row.why for finalist in finalists]
        whys = undone or [row.why for row in rows if row.state in ("failed", "stopped")]
        warnings.append(f"no candidate could be made; the first: {whys[0] if whys else 'none'}")
    elif not best.row.meets_budget:
        warnings.append(
            f"budget not met: candidate {best.row.number} comes closest, with {best.row.why}"
        )
    if failed and best is not None:
        warnings.append(
            f"{len(failed)} of {len(rows)} candidates failed; the first, {failed[0].number}: "
            f"{failed[0].why}"
        )
    return warnings
