"""`docs/results.md` and the figures in `docs/techniques.md`, from committed figures alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.techniques import latency
from benchmarks.techniques.experiment import REPOSITORY, Subject
from benchmarks.techniques.experiments import EXPERIMENTS, SUBJECTS
from benchmarks.techniques.goals import GOALS
from benchmarks.techniques.summary import Summary

DOCS = REPOSITORY / "docs"
TECHNIQUES = Path(__file__).with_name("techniques.md")
WRITTEN = "<!-- Written by `make results` from benchmarks/techniques/techniques.md. -->\n"
_SAME_SIZE = 1.02
INTRODUCTION = """\
# What each technique gives

Written by `make results` from the figures in [benchmarks/results](../benchmarks/results), one file
a run; do not edit. Each row is a recipe run through `edge_compress.compress.pipeline.run`, as a
user's is, or another tool in its place. [techniques.md](techniques.md) says what the techniques are
and when they help.

- Accuracy is that of the model *file* in ONNX Runtime, on pictures that nothing was learnt from,
  calibrated on or chosen by. `mean ± standard deviation` over the seeds; behind it the points that
  were gained or lost against the original of the same seed. What has no chance in it is run once.
- Every technique is measured here whatever it costs: `max_drop: 1`, `optimize: size`. With a budget
  of your own, what loses too much or gains nothing is rolled back.
- Latency is the median ratio to the original, each pair in turns within one process, one thread,
  ONNX Runtime on the CPU. Below 1 is faster. Models of some 0.1 ms are mostly overhead: there
  anything under a tenth is noise. With ~ before it, it is the run's own figure, taken while other
  work shared the machine: good for a rough idea.
- File is the model file of the target's profile; zeros and weights of few levels are stored packed
  and widened when the file is opened. Parameters count zeros as well.
"""


def write() -> None:
    """Write both pages."""
    DOCS.mkdir(exist_ok=True)
    summaries = {experiment.id: Summary(experiment) for experiment in EXPERIMENTS}
    pages = {
        "results.md": "\n".join(_lines(summaries)) + "\n",
        "techniques.md": WRITTEN
        + re.sub(
            r"\{(\w+/\w+)\}",
            lambda found: _short(summaries[found[1]]),
            TECHNIQUES.read_text(encoding="utf-8"),
        ),
    }
    for name, text in pages.items():
        (DOCS / name).write_text(text, encoding="utf-8")
        print(f"written: docs/{name}")


def _lines(summaries: dict[str, Summary]) -> Iterator[str]:
    yield INTRODUCTION
    yield from _machine(summaries)
    yield "## Goals\n"
    yield "| | goal | reached | seeds | |"
    yield "|---|---|---|---|---|"
    for goal in GOALS:
        figure, said = goal.reached(summaries)
        seeds = len(summaries[goal.experiment].results)
        yield f"| {goal.what} | {goal.asked} | {figure} | {seeds} | {said} |"
    yield ""
    for goal in GOALS:
        if goal.note:
            yield f"{goal.what}: {goal.note}\n"
        if goal.tried and goal.reached(summaries)[1] != "yes":
            yield f"{goal.what}, {goal.asked}: {goal.tried}\n"
    for subject in SUBJECTS:
        mine = [s for s in summaries.values() if s.experiment.subject is subject and s]
        if mine:
            yield from _subject(subject, mine)


def _machine(summaries: dict[str, Summary]) -> Iterator[str]:
    results = [result for summary in summaries.values() for result in summary.results]
    if not results:
        return
    newest = {name: version for result in results for name, version in result.libraries.items()}
    told = ", ".join(f"{name} {version}" for name, version in sorted(newest.items()))
    yield f"Run on {', '.join(sorted({result.device for result in results}))}; {told}.\n"


def _subject(subject: Subject, summaries: list[Summary]) -> Iterator[str]:
    yield f"## {subject.title}\n"
    yield f"{subject.about}\n"
    known = latency.read(subject)
    if known:
        yield f"The original takes {known.original_p50_ms:.3g} ms ({known.device}, one thread).\n"
    kind = summaries[0].results[0].kind
    yield f"| | seeds | {kind} % | points | parameters | MACs | file kB | smaller | latency |"
    yield "|---|---|---|---|---|---|---|---|---|"
    started = next((s for s in summaries if not s.experiment.fresh), None)
    if started is not None:
        first = started.results[0].original
        quality = "" if kind == "agreement" else f"{first.quality * 100:.2f}"
        if subject.start is None:
            yield (
                f"| the original | | {quality} | | {first.params:,} | {_millions(first.macs)} | "
                f"{first.size_bytes / 1000:,.0f} | 1 | 1 |"
            )
    for family in dict.fromkeys(s.experiment.family for s in summaries):
        yield f"| **{family}** | | | | | | | | |"
        for summary in summaries:
            if summary.experiment.family == family:
                yield _row(summary)
    yield ""
    for summary in summaries:
        if told := summary.rolled_back:
            yield f"- {summary.experiment.what}: not kept: {'; '.join(told)}"
    yield ""


def _row(summary: Summary) -> str:
    points = "" if summary.experiment.fresh else f"{round(-summary.drop.mean * 100, 2) + 0.0:+.2f}"
    smaller = summary.smaller.show(2)
    timed = summary.latency.show(2) if summary.latency else ""
    if not timed and summary.own_latency:
        timed = f"~ {summary.own_latency.mean:.2f}"
    return (
        f"| {summary.experiment.what} | {len(summary.results)} | {summary.quality.show(2, 100)} | "
        f"{points} | {summary.params.mean:,.0f} | {_millions(summary.macs.mean)} | "
        f"{summary.size.mean / 1000:,.0f} | {smaller} | {timed} |"
    )


def _millions(count: float) -> str:
    return f"{count / 1e6:.2f} M"


def _short(summary: Summary) -> str:
    """One experiment in a few words."""
    if not summary:
        return "not run yet"
    model = summary.experiment.subject.title.split(",")[-1].strip()
    kind = summary.results[0].kind
    told = f"{kind} {summary.quality.mean * 100:.1f} %"
    if not summary.experiment.fresh and kind == "accuracy":
        told += f" ({-summary.drop.mean * 100:+.1f})"
    smaller = summary.smaller.mean
    if smaller > _SAME_SIZE:
        told += f", {smaller:.1f}x smaller"
    if summary.latency is not None and not summary.experiment.fresh:
        told += f", {summary.latency.mean:.2f}x the latency"
    return f"{model}: {told}"
