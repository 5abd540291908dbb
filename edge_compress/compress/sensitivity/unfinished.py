"""What an interrupted analysis has found, so that the next one goes on from there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from edge_compress.bundle.schema import StrictModel
from edge_compress.compress.sensitivity.record import LayerSensitivity


class _Content(StrictModel):
    key: str
    layers: dict[str, LayerSensitivity] = Field(default_factory=dict)


class Unfinished:
    """A small file with one entry for each finished layer, replaced whole each time."""

    def __init__(self, path: Path, depends_on: Any) -> None:
        """Read the file, if it is there and was made for the same.

        Args:
            path: the file.
            depends_on: all that the figures depend on; anything JSON can hold.
        """
        self._path = path
        self._content = _Content(key=json.dumps(depends_on, sort_keys=True))
        try:
            found = _Content.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):  # not there, or cut short
            return
        if found.key == self._content.key:
            self._content = found

    def get(self, name: str) -> LayerSensitivity | None:
        """What an earlier run has found of a layer."""
        return self._content.layers.get(name)

    def add(self, layer: LayerSensitivity) -> None:
        """Keep what was found of one layer."""
        layers = {**self._content.layers, layer.name: layer}
        self._content = self._content.model_copy(update={"layers": layers})
        write_whole(self._path, self._content.model_dump_json())


def write_whole(path: Path, text: str) -> None:
    """Write a text file so that it is there whole or not at all, whatever happens meanwhile."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
