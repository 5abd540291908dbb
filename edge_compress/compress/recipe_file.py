"""A recipe's YAML: reading it, finding the files it names, and saying what is wrong with it."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from edge_compress.compress.recipe_path import NOT_FOUND
from edge_compress.errors import EdgeCompressError

M = TypeVar("M", bound=BaseModel)


class RecipeError(EdgeCompressError):
    """The recipe cannot be used; the message names the file and the key."""


def read_mapping(path: Path, what: str = "recipe") -> dict[str, Any]:
    """The YAML file as a mapping.

    Args:
        path: of the file.
        what: it is, for messages.

    Raises:
        RecipeError: when there is no such file, or it is not YAML with keys.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecipeError(f"{path}: no such {what}; give the path of a .yaml file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise RecipeError(f"{path}: not valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise RecipeError(f"{path}: a {what} is a mapping of keys, each followed by a colon")
    return content


def validated(kind: type[M], content: dict[str, Any], path: Path, under: str = "") -> M:
    """`content` of the file at `path` as an object of `kind`.

    Args:
        kind: of the object.
        content: the mapping.
        path: of the file, for messages and for relative paths in it.
        under: the key that `content` lies under, for messages.

    Raises:
        RecipeError: listing each key that is wrong, with what to do.
    """
    try:
        return kind.model_validate(content, context={"folder": path.resolve().parent})
    except ValidationError as error:
        details = error.errors(include_url=False)
        places = [detail["loc"] for detail in details]
        lines = [
            _explained(detail, kind, under)
            for detail in details
            # A list whose only item is wrong counts as empty too: saying so would mislead.
            if not any(
                p != detail["loc"] and p[: len(detail["loc"])] == detail["loc"] for p in places
            )
        ]
        text = f" {lines[0]}" if len(lines) == 1 else "\n  " + "\n  ".join(lines)
        raise RecipeError(f"{path}:{text}") from None


def _explained(detail: ErrorDetails, kind: type[BaseModel], under: str) -> str:
    key = ".".join(filter(None, (under, _dotted(detail["loc"]))))
    got = detail.get("input")
    if detail["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(detail["loc"][-1]), _all_keys(kind), n=1)
        return f"`{key}`: unknown key; " + (f"did you mean `{near[0]}`?" if near else "remove it")
    if detail["type"] == "missing":
        return f"`{key}`: this key is needed"
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == NOT_FOUND:
        return f"`{key}`: {message}"
    told = "" if isinstance(got, (dict, list)) else f", got {got!r}"
    return f"`{key}`: {message}{told}" if key else message


def _dotted(location: tuple[int | str, ...]) -> str:
    """`passes.0.kind`; the tags that pydantic puts in for unions are of no use to a reader."""
    parts: list[str] = []
    for i, part in enumerate(location):
        tag_of_pass = i == 2 and location[0] == "passes" and i + 1 < len(location)
        tag_of_format = i == 1 and location[0] == "data"
        if not (tag_of_pass or tag_of_format or str(part).startswith("<")):
            parts.append(str(part))
    return ".".join(parts)


def _all_keys(kind: type[BaseModel]) -> list[str]:
    """Every key that a recipe can have, at any depth, for a suggestion."""
    schema = kind.model_json_schema()
    keys = set(schema.get("properties", {}))
    for definition in schema.get("$defs", {}).values():
        keys.update(definition.get("properties", {}))
    return sorted(keys)
