"""The report as one self-contained HTML page."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edge_compress.pages.environment import environment
from edge_compress.scoring.evaluator import Evaluator
from edge_compress.scoring.judge import summary
from edge_compress.scoring.report.plots import plots
from edge_compress.scoring.result import Evaluation

_WORST = 10


class WorstFrame(NamedTuple):
    """A frame in which objects were missed."""

    stamp: str
    found: int
    missed: int


def render(evaluation: Evaluation, evaluator: Evaluator) -> str:
    """Return the page: figures and plots in one file that needs nothing else.

    It reads on a phone, in light and in dark, and each plot says in words what it shows.
    """
    template = environment("edge_compress.scoring.report").get_template("evaluation.html.j2")
    return template.render(
        run=evaluation,
        summary=summary(evaluation),
        plots=plots(evaluation, evaluator),
        worst=_worst_frames(evaluator),
    )


def _worst_frames(evaluator: Evaluator) -> list[WorstFrame]:
    stamps, found, missed = evaluator.tally.by_frame()
    order = np.argsort(-missed, kind="stable")[:_WORST]
    return [
        WorstFrame(f"{stamps[i] / 1e9:.3f}", int(found[i]), int(missed[i]))
        for i in order.tolist()
        if missed[i]
    ]
