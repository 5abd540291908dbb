"""Where a world's files are."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

SEARCH_VARIABLE = "GZ_SIM_RESOURCE_PATH"
_WORLD = "worlds/inspection.sdf"


def shipped_world() -> Path:
    """Return the world that comes with edge_compress."""
    return shipped(_WORLD)


def shipped(file: str) -> Path:
    """Return a file that comes with edge_compress: beside the code, or where it is installed.

    Args:
        file: from the package's folder, such as ``config/inspection.yaml``.
    """
    prefixes = [sys.prefix, *os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)]
    places = [Path(__file__).resolve().parents[2] / file]
    places += [Path(prefix) / "share" / "edge_compress" / file for prefix in prefixes if prefix]
    return next((place for place in places if place.is_file()), places[-1])


def locate(uri: str, world: Path, folders: Sequence[Path]) -> tuple[Path | None, list[Path]]:
    """Find the file of a URI.

    ``model://NAME/FILE`` is FILE in the folder NAME in one of `folders`, ``file://`` an absolute
    path, all else a path from the world file's folder (gz-common, SystemPaths::FindFileURI).

    Args:
        uri: as in the world.
        world: the world file.
        folders: where ``model://`` is looked for, the first that has it wins.

    Returns:
        The file, None when it is nowhere; and all paths that were tried.
    """
    parts = urlsplit(uri)
    if parts.scheme == "model":
        tried = [folder / parts.netloc / unquote(parts.path).lstrip("/") for folder in folders]
    elif parts.scheme == "file":
        tried = [Path(unquote(parts.path))]
    elif parts.scheme:
        tried = []
    else:
        tried = [world.parent / uri]
    return next((path for path in tried if path.is_file()), None), tried
