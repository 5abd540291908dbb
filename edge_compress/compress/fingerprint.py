"""What a run depends on, in one hash, so that only what is still valid is gone on with."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from edge_compress import __version__
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.recipe import Recipe

_CHUNK = 1 << 20


def fingerprint(recipe: Recipe, original: Candidate) -> str:
    """Hash of all but passes and export: the loaded model, data, target, seed, version."""
    content = recipe.model_dump(mode="json", exclude={"name", "passes", "export"})
    content["version"] = __version__
    content["structure"] = str(original.module)
    table = recipe.target.device_table
    content["device"] = file_sha256(table) if table else None
    content["footage"] = [_footage(path) for path in recipe.data.paths]
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
    for name, tensor in sorted(original.module.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def file_sha256(path: Path) -> str:
    """The sha256 of a file, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _footage(path: Path) -> list[list[str | int]]:
    """Names, sizes and times of change: hours of video are not read through for this."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return [
        [str(file.relative_to(path)), file.stat().st_size, file.stat().st_mtime_ns]
        for file in files
        if file.is_file()
    ]
