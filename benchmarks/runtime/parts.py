"""All parts, and what was measured of them."""

from __future__ import annotations

from pathlib import Path

from benchmarks.runtime.compared import Overhead, Peers
from benchmarks.runtime.endured import Cameras, Overload, Soak, Swap
from benchmarks.runtime.results import Part

PARTS: tuple[type[Part], ...] = (Overhead, Peers, Overload, Swap, Cameras, Soak)


def load(folder: Path) -> dict[str, Part]:
    """Read what was measured, by part."""
    return {
        part.name: part.model_validate_json(path.read_text(encoding="utf-8"))
        for part in PARTS
        if (path := folder / f"{part.name}.json").exists()
    }
