"""Parameters made of the fields of `RuntimeOptions`, so that there is one description of each.

A field of a field has a dotted name, such as ``tensorrt.precision``. Parameters know no None: where
the model says None, they say ``""`` or 0, or -1 where 0 means something.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from edge_compress.inference.options import RuntimeOptions
from edge_compress.nodes.parameters import Parameter, ParameterError, Value

_LARGEST = 2**31 - 1
_PREFIXES = {"cpu": "CPU", "cuda": "CUDA", "tensorrt": "TensorRT"}


def runtime_options(value: Callable[[str], Any]) -> RuntimeOptions:
    """Build the options from the parameters.

    Args:
        value: gives a parameter's value by its name.

    Raises:
        ParameterError: values that do not go together, such as a batch whose least is its largest.
    """
    given: dict[str, Any] = {}
    for name, field in _fields(RuntimeOptions):
        *groups, last = name.split(".")
        group = given
        for key in groups:
            group = group.setdefault(key, {})
        told = value(name)
        kind = _kind(field)
        if get_origin(kind) is tuple and len(told) != len(get_args(kind)):
            raise ParameterError(f"`{name}` must be {len(get_args(kind))} integers, got {told}")
        group[last] = None if _optional(field) and told == _none(field) else told
    try:
        return RuntimeOptions.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ParameterError(f"`{name}`: {first['msg'].removeprefix('Value error, ')}") from error


def _parameters() -> Iterator[Parameter]:
    for name, field in _fields(RuntimeOptions):
        default = _none(field) if field.default is None else field.default
        low, high = _range(field)
        kind = _kind(field)
        yield Parameter(
            name,
            list(default) if isinstance(default, tuple) else default,
            _describe(name, field),
            low=low,
            high=high,
            choices=get_args(kind) if get_origin(kind) is Literal else (),
            when="idle",
            items=int,
            path=kind is Path,
        )


def _fields(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """All fields of a model and of the models in it, by dotted names."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _fields(field.annotation, f"{prefix}{name}.")
        else:
            yield prefix + name, field


def _optional(field: FieldInfo) -> bool:
    return type(None) in get_args(field.annotation)


def _kind(field: FieldInfo) -> Any:
    """The field's type, without None."""
    if get_origin(field.annotation) in (Union, types.UnionType):
        (kind,) = (one for one in get_args(field.annotation) if one is not type(None))
        return kind
    return field.annotation


def _bounds(field: FieldInfo) -> tuple[int, int] | None:
    """The least and the largest integer that the model allows."""
    kind = _kind(field)
    if kind is not int:
        return None
    low, high = -_LARGEST, _LARGEST
    for bound in field.metadata:
        low = getattr(bound, "ge", getattr(bound, "gt", low - 1) + 1)
        high = getattr(bound, "le", high)
    return low, high


def _none(field: FieldInfo) -> Value:
    """What a parameter says for None."""
    kind = _kind(field)
    if get_origin(kind) is tuple:
        return [0] * len(get_args(kind))
    bounds = _bounds(field)
    if bounds is None:
        return ""
    return 0 if bounds[0] > 0 else -1


def _range(field: FieldInfo) -> tuple[int | None, int | None]:
    if get_origin(_kind(field)) is tuple:
        return 0, _LARGEST  # of each number; the model checks how they go together
    bounds = _bounds(field)
    if bounds is None:
        return None, None
    low, high = bounds
    if _optional(field):
        none = _none(field)
        assert isinstance(none, int)
        low = min(low, none)
    return low, high


def _describe(name: str, field: FieldInfo) -> str:
    group, _, _ = name.rpartition(".")
    text = f"{_PREFIXES[group]}: {field.description}" if group else str(field.description)
    if _optional(field):
        none = _none(field)
        shown = '""' if none == "" else none
        text += f"; {shown} is none"
    return f"{text[0].upper()}{text[1:]}."


RUNTIME_PARAMETERS = tuple(_parameters())
"""Read on configure; each described by its field."""
