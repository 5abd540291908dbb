"""What a run depends on, in one hash, so that only what is still valid is gone on with."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from edge_compress import __version__
from edge_compress.bundle.checksums import file_sha256
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.models.operations import operations, told
from edge_compress.compress.recipe import Recipe


def fingerprint(recipe: Recipe, original: Candidate) -> str:
    """Hash of all but passes and export: the loaded model, data, target, seed, version."""
    content = recipe.model_dump(mode="json", exclude={"name", "passes", "export"})
    return combined([__version__, content, named_contents(recipe, original)])


def named_contents(recipe: Recipe, original: Candidate) -> dict[str, str]:
    """What the recipe names but does not hold: a hash of each, by what a reader calls it."""
    table = recipe.target.device_table
    return {
        "model": _model_sha256(original),
        "data": combined([_footage(path) for path in recipe.data.paths]),
        "device table": file_sha256(table) if table else "",
    }


def combined(content: Any) -> str:
    """The sha256 of what JSON can hold, in hex."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _model_sha256(candidate: Candidate) -> str:
    """Layers, what forward does with them, and all weights; buffers that are not saved, too."""
    module = candidate.module
    weights = module.state_dict()
    unsaved = {name: b for name, b in module.named_buffers() if name not in weights}
    lines = [str(module), *operations(candidate), *(f"{n} {told(b)}" for n, b in unsaved.items())]
    digest = hashlib.sha256("\n".join(lines).encode())
    for name, tensor in sorted(weights.items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _footage(path: Path) -> list[list[str | int]]:
    """Names, sizes and times of change: hours of video are not read through for this."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return [
        [str(file.relative_to(path)), file.stat().st_size, file.stat().st_mtime_ns]
        for file in files
        if file.is_file()
    ]
