"""A pass parameter that declares its own search range beside its validation."""

from __future__ import annotations

from typing import Any

from pydantic import Field


def tunable(
    default: Any,
    *,
    description: str,
    search: tuple[float, float] | tuple[str, ...] | None = None,
    log: bool = False,
    **limits: Any,
) -> Any:
    """A field with a search range, so that one schema drives validation, documents and search.

    Args:
        default: the value when the recipe does not set it.
        description: for the documentation and for error messages.
        search: (low, high) of a number, or the choices of a word; None when not worth searching.
        log: search the number on a logarithmic scale.
        limits: pydantic's own, such as ``gt`` and ``le``.
    """
    extra: dict[str, Any] | None = (
        {"search": list(search), "log": log} if search is not None else None
    )
    return Field(default, description=description, json_schema_extra=extra, **limits)
