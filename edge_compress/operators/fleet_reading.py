"""Reading a fleet's list, and saying what is wrong with it."""

from __future__ import annotations

import difflib
from pathlib import Path

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from edge_compress.errors import EdgeCompressError
from edge_compress.operators.fleet_file import Camera, FleetFile, Robot

_KEYS = sorted({*FleetFile.model_fields, *Robot.model_fields, *Camera.model_fields})


class FleetFileError(EdgeCompressError):
    """The list cannot be used; the message names the file and the key."""


def read_fleet(path: Path) -> FleetFile:
    """Read the list.

    Raises:
        FleetFileError: it is not there, or not a list of this kind.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FleetFileError(f"{path}: no such file; give fleet:=FILE.yaml") from None
    except (OSError, UnicodeDecodeError) as error:
        raise FleetFileError(f"{path}: cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise FleetFileError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise FleetFileError(f"{path}: must have the key `robots`, with a list under it")
    try:
        return FleetFile.model_validate(content)
    except ValidationError as error:
        # The deepest is the most exact: of a value that may be of several kinds each one complains.
        # A key that is written wrong is the reason why another is missing.
        detail = max(
            error.errors(include_url=False),
            key=lambda detail: (len(detail["loc"]), detail["type"] == "extra_forbidden"),
        )
        raise FleetFileError(f"{path}: {_explained(detail)}") from None


def _explained(detail: ErrorDetails) -> str:
    key = _dotted(detail["loc"])
    if detail["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(detail["loc"][-1]), _KEYS, n=1)
        return f"`{key}`: unknown key; " + (f"did you mean `{near[0]}`?" if near else "remove it")
    if detail["type"] == "missing":
        return f"`{key}`: this key is needed"
    if "parameters" in detail["loc"]:
        return f"`{key}`: must be a value or a list of values of one kind, got {detail['input']!r}"
    message = detail["msg"].removeprefix("Value error, ")
    got = detail["input"]
    told = "" if isinstance(got, (dict, list, BaseModel)) else f", got {got!r}"
    return f"`{key}`: {message}{told}" if key else message


def _dotted(location: tuple[int | str, ...]) -> str:
    """`robots[0].bundle`, without what pydantic adds for a value of several kinds."""
    if "parameters" in location:
        location = location[: location.index("parameters") + 2]
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)[1:]
