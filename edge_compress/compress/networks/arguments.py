"""Arguments of a factory that declare their limits and their search range in the signature."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, get_type_hints

from pydantic import ValidationError, validate_call
from pydantic.fields import FieldInfo

P = ParamSpec("P")
Made = TypeVar("Made")


def checked(factory: Callable[P, Made]) -> Callable[P, Made]:
    """Refuse arguments that do not fit their annotations, before the factory is called.

    An argument declares its limits as a pass's parameter does: ``Annotated[int, tunable(...,
    description="...", ge=1, search=(1, 4))]``. The signature stays as it was written.

    Returns:
        A function that raises ValueError, with one line that names each bad argument, what it was
        and what it may be.
    """
    call = validate_call(factory)

    @wraps(factory)
    def made(*args: P.args, **kwargs: P.kwargs) -> Made:
        try:
            return call(*args, **kwargs)
        except ValidationError as error:
            raise ValueError("; ".join(_wrong(one) for one in error.errors())) from None

    return made


def declared_ranges(factory: Callable[..., Any]) -> dict[str, dict[str, Any]]:
    """The search range of each argument that declares one, by its name.

    Returns:
        What `tunable` keeps: ``{"search": [low, high] or choices, "log": bool}``.
    """
    ranges: dict[str, dict[str, Any]] = {}
    for name, hint in get_type_hints(factory, include_extras=True).items():
        for note in getattr(hint, "__metadata__", ()):
            extra = note.json_schema_extra if isinstance(note, FieldInfo) else None
            if isinstance(extra, dict) and "search" in extra:
                ranges[name] = dict(extra)
    return ranges


def _wrong(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"])
    message = error["msg"].removeprefix("Value error, ")
    return f"`{place}`: {message[:1].lower()}{message[1:]}, got {error['input']!r}"
