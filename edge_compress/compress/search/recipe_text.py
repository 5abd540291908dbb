"""A found recipe as a file that `compress` takes, wherever it lies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from edge_compress.compress.recipe import Recipe
from edge_compress.compress.recipe_path import ASSET

HEADER = "# Found by `edge_compress search`. Passes are judged together: see `judge`.\n"


def recipe_text(mapping: Mapping[str, Any], recipe: Recipe) -> str:
    """The YAML of a filled space, with only the keys that its author wrote.

    Args:
        mapping: the filled space.
        recipe: made of it, in which paths are absolute; assets stay names.
    """
    content = {"name": recipe.name, "judge": recipe.judge, **mapping}
    dumped = recipe.model_dump(mode="json", by_alias=True)
    return HEADER + yaml.safe_dump(_located(content, dumped), sort_keys=False)


def _located(written: Any, read: Any) -> Any:
    """What was written, but for paths, which are taken as they were found."""
    if isinstance(written, Mapping) and isinstance(read, Mapping):
        return {key: _located(value, read.get(key, value)) for key, value in written.items()}
    if isinstance(written, list | tuple) and isinstance(read, list | tuple):
        return [_located(one, other) for one, other in zip(written, read, strict=False)]
    if isinstance(written, str) and isinstance(read, str) and not written.startswith(ASSET):
        return read
    return list(written) if isinstance(written, tuple) else written
