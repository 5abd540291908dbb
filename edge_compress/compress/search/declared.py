"""The ranges that passes and factories declare for their own parameters, beside their limits."""

from __future__ import annotations

import importlib
import sys
import typing
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from edge_compress.compress.networks.arguments import declared_ranges

Trail: TypeAlias = tuple[tuple[Mapping[Any, Any], str], ...]
"""The mappings on the way to a value, the outermost first, each with the key that was taken."""


def declared_range(trail: Trail) -> list[Any] | dict[str, Any] | None:
    """What stands in for ``{search: default}`` at the end of the trail; None if nothing does.

    An argument of ``model.arguments`` is declared by its factory, anything in a pass by the pass.
    """
    if len(trail) > 1 and trail[-2][1] == "arguments" and "source" in trail[-2][0]:
        ranges = declared_ranges(_factory(str(trail[-2][0]["source"])) or (lambda: None))
        return range_of(ranges.get(trail[-1][1]), real=False)
    field: FieldInfo | None = None
    for mapping, key in trail:
        model = _model_of(mapping, field)
        field = model.model_fields.get(key) if model is not None else None
    if field is None:
        return None
    extra = field.json_schema_extra
    return range_of(extra if isinstance(extra, dict) else None, float in _parts(field.annotation))


def range_of(extra: Mapping[str, Any] | None, real: bool) -> list[Any] | dict[str, Any] | None:
    """What `tunable` keeps, as it is written under ``search``; None if there is no range in it."""
    search = extra.get("search") if extra is not None else None
    if extra is None or not isinstance(search, Sequence) or isinstance(search, str):
        return None
    if any(isinstance(value, str) for value in search):
        return list(search)
    low, high = (float(value) if real else value for value in search)
    return {"low": low, "high": high, "log": bool(extra.get("log"))}


def _model_of(mapping: Mapping[Any, Any], field: FieldInfo | None) -> type[BaseModel] | None:
    """What a mapping becomes: a pass, or whatever its pass has at this field."""
    kind = mapping.get("kind")
    if field is None:
        return _of_kind(_any_pass(), kind) if isinstance(kind, str) else None
    if kind is not None:
        return _of_kind(field.annotation, kind)
    models = list(_models(field.annotation))
    return models[0] if len(models) == 1 else None


def _any_pass() -> Any:
    # Here, since a pass may itself hold a search.
    from edge_compress.compress.passes import AnyPass

    return AnyPass


def _factory(source: str) -> Any:
    """The function behind ``package.module:factory``; None if there is none."""
    module, _, function = source.partition(":")
    if (here := str(Path.cwd())) not in sys.path:  # as when the model is loaded
        sys.path.insert(0, here)
    try:
        return getattr(importlib.import_module(module), function, None)
    except (ImportError, ValueError):
        return None  # loading the model will say so


def _of_kind(annotation: Any, kind: Any) -> type[BaseModel] | None:
    for model in _models(annotation):
        field = model.model_fields.get("kind")
        if field is not None and field.default == kind:
            return model
    return None


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    for part in _parts(annotation):
        if isinstance(part, type) and issubclass(part, BaseModel):
            yield part


def _parts(annotation: Any) -> list[Any]:
    """The annotation taken apart: ``Schedule | None`` into ``Schedule`` and ``None``."""
    inner = typing.get_args(annotation)
    if typing.get_origin(annotation) is typing.Annotated:
        inner = inner[:1]
    return [leaf for part in inner for leaf in _parts(part)] if inner else [annotation]
