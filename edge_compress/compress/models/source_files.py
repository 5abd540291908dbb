"""The files that a model comes from."""

from __future__ import annotations

from pathlib import Path

from edge_compress.compress.models.factory import factory_file
from edge_compress.compress.recipe_path import TORCHVISION


def source_files(source: str, weights: Path | None) -> tuple[Path, ...]:
    """An .onnx file, or a factory's code where it can be found; and the weights.

    Args:
        source: path of an .onnx file, ``torchvision:NAME``, or ``package.module:factory``.
        weights: a file of them, where one is given.
    """
    file: Path | None = None
    if source.endswith(".onnx"):
        file = Path(source)
    elif not source.startswith(TORCHVISION):
        file = factory_file(source)
    return tuple(path for path in (file, weights) if path is not None)
