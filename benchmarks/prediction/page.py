"""docs/prediction.md from the figures."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from benchmarks.prediction.results import GOAL_ERROR, GOAL_RANK, PAGE, Results


def write(results: Results) -> None:
    """Write the page."""
    PAGE.write_text(_page(results), encoding="utf-8")


def _page(results: Results) -> str:
    reached = "Both are reached." if results.goals_reached else "They are not both reached."
    libraries = ", ".join(f"{name} {version}" for name, version in results.libraries.items())
    ninth = float(np.percentile(results.errors, 90))
    lines = [
        "# Latency predicted from a device table",
        "",
        "Written by `python -m benchmarks prediction`; do not edit. The table holds operators in "
        "random networks; none of the models below is among those. Models were timed between the "
        "table's networks, so that both saw the same machine, each by several runs in a row.",
        "",
        f"- Machine: {results.device}, {results.threads} thread(s); {libraries}",
        f"- Table: {results.table_rows} kernels in {results.networks} networks, "
        f"{results.minutes:g} minutes with the models' own runs",
        f"- Time to learn it: {results.learn_seconds:.1f} s; to predict a model: "
        f"{results.predict_seconds:.2f} s",
        "",
        f"**{len(results.models)} models: median error {results.median_error:.1%}, nine of ten "
        f"within {ninth:.1%}, rank correlation {results.rank:.3f}.** The goals are a median of at "
        f"most {GOAL_ERROR:.0%} and a rank correlation of at least {GOAL_RANK}. {reached}",
        "",
        "| family | models | median error | largest |",
        "|---|--:|--:|--:|",
        *_families(results),
        "",
        "| model | kernels | measured p50, ms | predicted, ms | error |",
        "|---|--:|--:|--:|--:|",
        *(
            f"| {row.name} | {row.kernels} | {row.measured_ms:.3f} | {row.predicted_ms:.3f} | "
            f"{row.error:+.1%} |"
            for row in results.models
        ),
        "",
        "An error above 0 means that the model is faster than predicted. Very small models (tens "
        "of microseconds) are mostly one call of the runtime, and the profiler's own time, which "
        "the table corrects for on average, is as large as they are.",
    ]
    return "\n".join(lines) + "\n"


def _families(results: Results) -> list[str]:
    families = defaultdict(list)
    for row in results.models:
        families[row.family].append(abs(row.error))
    return [
        f"| {name} | {len(errors)} | {np.median(errors):.1%} | {max(errors):.1%} |"
        for name, errors in families.items()
    ]
