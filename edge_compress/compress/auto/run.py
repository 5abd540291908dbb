"""`compress --auto`: look at the model, choose what to search, and search."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from edge_compress.bundle.writer import refuse_existing
from edge_compress.compress.auto.errors import AutoError
from edge_compress.compress.auto.frames_for import data_mapping
from edge_compress.compress.auto.ingredients import ingredients
from edge_compress.compress.auto.look import look
from edge_compress.compress.auto.model_for import Model, model_mapping
from edge_compress.compress.auto.request import Request
from edge_compress.compress.auto.search_file import (
    config_mapping,
    is_of,
    name_for,
    reasons,
    written,
)
from edge_compress.compress.auto.times import planned
from edge_compress.compress.progress import Progress, Silent
from edge_compress.compress.recipe import Recipe
from edge_compress.compress.recipe_file import validated
from edge_compress.compress.recipe_path import HOST
from edge_compress.compress.search.config import load_search
from edge_compress.compress.search.run import Found, search
from edge_compress.compress.sensitivity.unfinished import write_whole

LEAST_MINUTES = 0.1


def auto(
    request: Request,
    output: Path,
    *,
    storage: Path | str | None = None,
    fresh: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Found:
    """Find the recipe that fits a device and a budget, and write its bundle.

    What is searched, and why, is written to `NAME.auto.yaml` beside the bundle. The same request
    goes on where an interrupted one was.

    Args:
        request: model, data, device and budget.
        output: the bundle's folder, `NAME.bundle`.
        storage: of the study; None puts a journal into the search's folder.
        fresh: look again, and forget an earlier search.
        overwrite: replace a bundle that is there already.
        progress: where to report.

    Raises:
        EdgeCompressError: for a mistake that the user can mend.
        Cancelled: when `progress` says so; the search can be gone on with.
    """
    progress = progress or Silent()
    refuse_existing(output, overwrite=overwrite)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AutoError(f"{output}: its folder cannot be made: {error.strerror}") from error
    file = output.with_name(output.name.removesuffix(".bundle") + ".auto.yaml")
    if file.exists() and not fresh:
        if not is_of(file, request):
            raise AutoError(
                f"{file}: was written for another request, or its model, data or device file has "
                "changed since; choose another output, give --fresh, or run it as it is with "
                "`edge_compress search`"
            )
        progress.note(f"go on with {file}")
    else:
        write_whole(file, _search_for(request, file, progress))
    return search(
        load_search(file),
        output,
        origin=file,
        storage=storage,
        fresh=fresh,
        overwrite=overwrite,
        progress=progress,
    )


def _search_for(request: Request, file: Path, progress: Progress) -> str:
    began = time.monotonic()
    model = model_mapping(request.model, request.labels)
    recipe = _recipe(request, model, name_for(request))
    sketch = validated(Recipe, {**recipe, "passes": [{"kind": "half_weights"}]}, file)
    findings = look(sketch, progress)
    left = max(LEAST_MINUTES, request.minutes - (time.monotonic() - began) / 60)
    times = planned(findings, left)
    found = ingredients(findings, request, times)
    lines = list(reasons(model.told, findings, found, times))
    for line in lines:
        progress.note(line)
    mapping = config_mapping(name_for(request), recipe, found, request, times, left, findings)
    return written(mapping, request, lines)


def _recipe(request: Request, model: Model, name: str) -> dict[str, Any]:
    budget = {
        "max_drop": request.max_drop,
        "latency_ms": request.latency_ms,
        "size_mb": request.size_mb,
        "energy_mj": request.energy_mj,
    }
    device = _device(request.target)
    recipe: dict[str, Any] = {
        "name": name,
        "task": model.task,
        "model": model.model,
        "classes": list(request.classes or model.classes),
        "data": data_mapping(request.data, request.topic),
        "target": {
            "device": device,
            "threads": request.threads,
            "channel_step": request.channel_step,
            "budget": {key: value for key, value in budget.items() if value is not None},
        },
        "seed": request.seed,
    }
    if not recipe["classes"]:
        del recipe["classes"]
    return recipe


def _device(text: str) -> str:
    path = Path(text).expanduser().resolve()
    if text == HOST or path.is_file():
        return text if text == HOST else str(path)
    raise AutoError(
        f"--target {text}: no such file; give `{HOST}`, or a device table that `edge_compress "
        "profile --device-table` has written on the robot"
    )
