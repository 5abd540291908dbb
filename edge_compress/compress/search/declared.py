"""The ranges that passes declare for their own parameters, beside their validation."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo


def pass_model(kind: Any) -> type[BaseModel] | None:
    """The pass of that kind; None if there is none."""
    # Here, since a pass may itself hold a search.
    from edge_compress.compress.passes import AnyPass

    return _of_kind(AnyPass, kind)


def inner_model(field: FieldInfo | None, mapping: dict[Any, Any]) -> type[BaseModel] | None:
    """What a mapping at this field becomes, such as the schedule at a pass's ``recovery``."""
    if field is None:
        return None
    if "kind" in mapping:
        return _of_kind(field.annotation, mapping["kind"])
    models = list(_models(field.annotation))
    return models[0] if len(models) == 1 else None


def declared_range(field: FieldInfo | None) -> list[Any] | dict[str, Any] | None:
    """What stands in for ``{search: default}`` at this field; None if it declares nothing."""
    extra = field.json_schema_extra if field is not None else None
    search = extra.get("search") if isinstance(extra, dict) else None
    if field is None or not isinstance(search, list) or not isinstance(extra, dict):
        return None
    if any(isinstance(value, str) for value in search):
        return list(search)
    real = float in _parts(field.annotation)
    low, high = (float(value) if real else value for value in search)  # type: ignore[arg-type]
    return {"low": low, "high": high, "log": bool(extra.get("log"))}


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
