"""`--data` as the `data` of a recipe: what is learnt from, and what only judges."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edge_compress.bundle.schema import StrictModel
from edge_compress.compress.auto.errors import AutoError
from edge_compress.compress.data import AnyData
from edge_compress.compress.footage import open_source
from edge_compress.compress.footage_bag import BagFrames
from edge_compress.compress.recipe_file import read_mapping, validated
from edge_compress.compress.recipe_path import ASSET

LEARN, GAP, HELD_OUT = 0.5, 0.1, 0.4  # shares of a video: neighbours of a scene are nearly equal
MOST_LEARN, MOST_HELD_OUT = 400, 300
FEWEST = 20
RECIPES = (".yaml", ".yml")


class _Holder(StrictModel):
    data: AnyData


def data_mapping(text: str, topic: str = "") -> dict[str, Any]:
    """The `data` of a recipe for a video, a folder of images, a bag, or a YAML file.

    Of footage the first half is learnt from and the last 40 % are held out; a tenth in between is
    left alone. Of long footage frames are taken at even distances.

    Args:
        text: a path, or `asset:NAME`.
        topic: of a bag; empty for its only one with images.

    Raises:
        AutoError: when it holds too few frames.
        EdgeCompressError: when it cannot be read.
    """
    if Path(text).suffix.lower() in RECIPES:
        if topic:
            raise AutoError(f"--topic {topic}: {text} says itself which topic: leave it out")
        return _from_file(Path(text))
    if text.startswith(ASSET):
        from edge_compress import assets

        path = assets.fetch(text.removeprefix(ASSET)).resolve()
    else:
        path = Path(text).expanduser().resolve()
    if not path.exists():
        raise AutoError(
            f"--data {text}: no such file or folder; give a video, a folder of images, a bag, "
            "or a YAML file with the `data` of a recipe"
        )
    source = open_source(path, topic)
    count = len(source)
    if count < FEWEST:
        raise AutoError(
            f"--data {text}: has {count} frames; at least {FEWEST} are needed to learn from and to "
            "judge by, and some hundreds are better"
        )
    learn = round(LEARN * count)
    held_out = round((LEARN + GAP) * count)
    return {
        "format": "frames",
        "frames": text if text.startswith(ASSET) else str(path),
        **({"topic": source.topic} if isinstance(source, BagFrames) else {}),
        "learn": _range(0, learn, MOST_LEARN),
        "held_out": _range(held_out, count, MOST_HELD_OUT),
    }


def _range(start: int, end: int, most: int) -> dict[str, int]:
    """Every n-th frame from `start` on and before `end`, at most so many."""
    step = -(-(end - start) // most)
    return {"start": start, "count": (end - start - 1) // step + 1, "step": step}


def _from_file(path: Path) -> dict[str, Any]:
    content = read_mapping(path, "data file")
    found = validated(_Holder, {"data": content.get("data", content)}, path)
    mapping: dict[str, Any] = found.data.model_dump(mode="json", exclude_unset=True)
    return {**mapping, "format": found.data.format}
