"""The same passes with less training: to rank candidates, or to see only their structure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from pydantic import BaseModel

from edge_compress.compress.pass_base import Pass
from edge_compress.compress.training.schedule import Schedule

P = TypeVar("P", bound=Pass)


def shortened(passes: Iterable[Pass], share: float) -> tuple[Pass, ...]:
    """Passes whose every schedule has this share of its epochs, at least one.

    Args:
        passes: as the recipe has them; left unchanged.
        share: above 0, to 1.
    """

    def shorter(schedule: Schedule, _: bool) -> Schedule:
        return schedule.model_copy(update={"epochs": max(1, round(schedule.epochs * share))})

    return tuple(_replaced(pass_, shorter) for pass_ in passes)


def sketched(passes: Iterable[Pass]) -> tuple[Pass, ...]:
    """Passes that make the same structure with as little training as can be.

    What only learns is left out, and recovery too where it can be; a single epoch stays elsewhere.
    """

    def least(schedule: Schedule, needed: bool) -> Schedule | None:
        return schedule.model_copy(update={"epochs": 1}) if needed else None

    return tuple(_replaced(pass_, least) for pass_ in passes if pass_.aim != "accuracy")


def can_be_sketched(passes: Iterable[Pass]) -> bool:
    """Whether `sketched` leaves any training out."""
    found: list[Schedule] = []

    def noted(schedule: Schedule, needed: bool) -> Schedule:
        found.extend(() if needed else (schedule,))
        return schedule

    for pass_ in passes:
        if pass_.aim == "accuracy":
            return True
        _replaced(pass_, noted)
    return bool(found)


def _replaced(model: Any, new: Callable[[Schedule, bool], Schedule | None]) -> Any:
    """A copy of a model with every schedule in it replaced, at any depth.

    `new` gets each schedule, and whether its field cannot do without.
    """
    changed: dict[str, Any] = {}
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, Schedule):
            optional = type(None) in getattr(field.annotation, "__args__", ())
            changed[name] = new(value, not optional)
        elif isinstance(value, BaseModel):
            changed[name] = _replaced(value, new)
    return model.model_copy(update=changed)
