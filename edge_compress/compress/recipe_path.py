"""Files that a recipe names: relative to its folder, or `asset:NAME`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from edge_compress import assets
from edge_compress.errors import EdgeCompressError

ASSET = "asset:"
TORCHVISION = "torchvision:"
HOST = "host"
NOT_FOUND = "file_not_found"  # the kind of error, for who writes the message


def _located(value: Any, info: ValidationInfo) -> Any:
    if isinstance(value, str):
        if value.startswith(ASSET):
            return _fetched(value)
        if info.context is not None:  # a recipe file; from Python, paths are what they are
            return _existing(value, info.context["folder"])
    return value


def _located_model(value: str, info: ValidationInfo) -> str:
    is_file = value.startswith(ASSET) or value.endswith(".onnx")
    return str(_located(value, info)) if is_file else value


def _located_device(value: str, info: ValidationInfo) -> str:
    return value if value == HOST else str(_located(value, info))


def _fetched(text: str) -> Path:
    try:
        return assets.fetch(text.removeprefix(ASSET)).resolve()
    except EdgeCompressError as error:
        raise PydanticCustomError(NOT_FOUND, "{told}", {"told": str(error)}) from error


def _existing(text: str, folder: Path) -> Path:
    found = (folder / Path(text).expanduser()).resolve()
    if not found.exists():
        told = (
            f"{text!r} is not there (looked for {found}); paths are relative to the recipe's folder"
        )
        raise PydanticCustomError(NOT_FOUND, "{told}", {"told": told})
    return found


RecipePath = Annotated[Path, BeforeValidator(_located)]
"""A file or folder: absolute and there, once the recipe is read from a file.

`validated` gives the recipe's folder as context; objects made in Python have none, and keep the
path that they are given.
"""

ModelSource = Annotated[str, AfterValidator(_located_model)]
"""Where a model comes from; only one that ends in .onnx is a file."""

DeviceSource = Annotated[str, AfterValidator(_located_device)]
"""``host``, or the file of a device table."""
