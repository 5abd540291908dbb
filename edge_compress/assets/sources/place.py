"""Where among the downloads one package is kept."""

from __future__ import annotations

import re
from pathlib import Path


def place_for(downloads: Path, what: str) -> Path:
    """A folder for what is downloaded of `what`, the same one at each call; made if needed.

    Args:
        downloads: where the sources of one asset or collection put what they get.
        what: a package's name and version, or the like.
    """
    place = downloads / re.sub(r"[^A-Za-z0-9.]+", "-", what).strip("-.")
    place.mkdir(parents=True, exist_ok=True)
    return place
