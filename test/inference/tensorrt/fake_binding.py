"""How classes of a compiled binding behave."""

from __future__ import annotations

from enum import Enum
from typing import Any


def refuse_unknown(self: Any, name: str, value: Any) -> None:
    """Set only what the class has, as classes of a binding do."""
    if not name.startswith("_") and not hasattr(type(self), name):
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
    object.__setattr__(self, name, value)


def plain(name: str) -> Any:
    """An attribute that can be read and set."""
    return property(
        lambda self: getattr(self, f"_{name}", None),
        lambda self, value: object.__setattr__(self, f"_{name}", value),
    )


def is_of_python(item: type, name: str) -> bool:
    """Whether TensorRT has nothing to do with an attribute."""
    enum = issubclass(item, Enum)
    return name.startswith("_") or (enum and name not in item.__members__)
