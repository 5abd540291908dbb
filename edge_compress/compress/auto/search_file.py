"""The search that `auto` has chosen, as a file that a person can read, change and run."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from edge_compress.bundle.checksums import file_sha256
from edge_compress.compress.auto.findings import Findings
from edge_compress.compress.auto.first import known_good
from edge_compress.compress.auto.frames_for import RECIPES
from edge_compress.compress.auto.ingredients import Ingredient
from edge_compress.compress.auto.request import Request
from edge_compress.compress.auto.times import Times
from edge_compress.compress.fingerprint import combined

ASKED = "# asked: "
FILES = "# files: "
WIDTH = 100


class _Plain(yaml.SafeDumper):
    """Writes what occurs twice twice: anchors are hard to read."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def name_for(request: Request) -> str:
    """A name for the search: the model's and the data's."""
    parts = [Path(part.rpartition(":")[2]).stem for part in (request.model, request.data)]
    text = "_".join(dict.fromkeys(re.sub(r"[^A-Za-z0-9_.-]+", "_", part) for part in parts))
    return text.lstrip("_.-") or "auto"


def config_mapping(
    name: str,
    recipe: dict[str, Any],
    found: Sequence[Ingredient],
    request: Request,
    times: Times,
    minutes: float,
    findings: Findings,
) -> dict[str, Any]:
    """The search as its file has it.

    Args:
        name: of the search.
        recipe: without passes.
        found: passes that were thought of.
        request: as the user asks.
        times: how much can be trained.
        minutes: that are left.
        findings: of the look.
    """
    whole = {**recipe, "passes": [one.entry for one in found if one.entry is not None]}
    return {
        "name": name,
        "recipe": whole,
        "algorithm": request.algorithm,
        "objectives": list(request.objectives),
        "trials": request.trials,
        "minutes": round(minutes, 1),
        "seed": request.seed,
        "ranking": {
            "epochs": times.ranking_epochs,
            "frames": times.ranking_frames,
            "slack": times.slack,
        },
        "finalists": times.finalists,
        "first": list(known_good(whole, findings, request.size_mb)),
    }


def reasons(
    told: str, findings: Findings, found: Sequence[Ingredient], times: Times
) -> Iterator[str]:
    """What was seen, and why each pass is searched or left out, a line each."""
    how = "predicted" if findings.predicted else "measured"
    what = "accuracy" if findings.labelled else "agreement"
    yield (
        f"model: {told}; {findings.original_ms:.3g} ms ({how}), {findings.size_bytes / 1e6:.2f} MB"
    )
    yield f"data: {findings.frames} frames to learn from; quality is {what}"
    if findings.seen:
        seen = ", ".join(f"{label} {count}" for label, count in findings.seen)
        yield (
            f"classes: the original sees {seen}; agreement is their mean, so that a rare one "
            "weighs as much as any: name those that matter with --classes"
        )
    for one in found:
        yield f"{'+' if one.entry is not None else '-'} {one.kind}: {one.why}"
    yield (
        f"time: a finalist takes about {max(1, round(times.finalist_minutes))} min; "
        f"{times.finalists} will be trained in full"
    )
    if not times.enough:
        yield "WARN: the time is too short for one full training: give more --minutes"


def written(mapping: dict[str, Any], request: Request, lines: Sequence[str]) -> str:
    """The file's text: what was asked, why it is as it is, and the search."""
    head = [
        "# Written by `edge_compress compress --auto`. Change it as you like and run it with",
        "# `edge_compress search`.",
        _asked(request),
        _files(request),
        "#",
    ]
    for line in lines:
        head += textwrap.wrap(line, WIDTH - 2, initial_indent="# ", subsequent_indent="#     ")
    content = yaml.dump(mapping, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=WIDTH)
    return "\n".join(head) + "\n\n" + content


def is_of(path: Path, request: Request) -> bool:
    """Whether the file was written for the same request, and for the same files."""
    lines = path.read_text(encoding="utf-8").splitlines()
    files = [line for line in lines if line.startswith(FILES)]  # an earlier version wrote none
    return _asked(request) in lines and (not files or files == [_files(request)])


def _asked(request: Request) -> str:
    return ASKED + json.dumps(request.model_dump(mode="json"), sort_keys=True)


def _files(request: Request) -> str:
    """Of model, data and target; footage is long, and the study sees whether it has changed."""
    named = [request.model, request.target]
    if Path(request.data).suffix.lower() in RECIPES:
        named.append(request.data)
    paths = [Path(text).expanduser() for text in named]
    return FILES + combined([file_sha256(path) if path.is_file() else "" for path in paths])
