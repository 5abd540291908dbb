"""The search file: a recipe with ranges in it, and how long and for what they are searched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator, model_validator

from edge_compress.bundle.schema import StrictModel
from edge_compress.compress.recipe_file import read_mapping, validated
from edge_compress.compress.search.algorithm import Algorithm, Genetic
from edge_compress.compress.search.record import ObjectiveName

# What may be changed without making it another search: a study goes on with more trials.
_ONLY_HOW_LONG = {"trials", "minutes", "finalists"}


class Ranking(StrictModel):
    """How much less candidates are trained than what is found, since they only need an order."""

    epochs: float = Field(
        0.25, gt=0, le=1, description="share of the epochs of every schedule, at least one epoch"
    )
    frames: float = Field(1.0, gt=0, le=1, description="share of the frames to learn from")
    slack: float = Field(
        0.03,
        ge=0,
        le=1,
        description="quality that may be missing at `max_drop` while ranking, 0-1: what full "
        "training is trusted to mend. Finalists must meet the budget without it",
    )


class SearchConfig(StrictModel):
    """All that a search needs; one worker with the same seed tries the same candidates."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    recipe: dict[str, Any] = Field(
        description="a recipe in which any value of `model` and `passes` may be `{search: ...}`; "
        "`target.budget` has the limits that every candidate must keep"
    )
    algorithm: Algorithm = Genetic()
    objectives: tuple[ObjectiveName, ...] = Field(
        ("quality", "latency"),
        min_length=1,
        description="what is to be good at once; of the finalists that meet the budget, the best "
        "in the first one is chosen",
    )
    trials: int | None = Field(100, ge=1, description="candidates that are tried, null: no limit")
    minutes: float | None = Field(
        None, gt=0, description="of the whole search, its finalists included"
    )
    seed: int = Field(0, ge=0, lt=2**31)
    ranking: Ranking = Ranking()
    first: tuple[dict[str, Any], ...] = Field(
        (),
        description="points to begin with, such as one that is known to be good: values of all or "
        "some parameters, by their names in the report",
    )
    finalists: int = Field(3, ge=1, description="points of the front that are trained in full")
    stop_hopeless: bool = Field(
        True, description="give up a candidate that no training seen so far would save"
    )

    @field_validator("objectives")
    @classmethod
    def _each_once(cls, objectives: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(objectives)) < len(objectives):
            raise ValueError("an objective is listed twice")
        return objectives

    @model_validator(mode="after")
    def _ends(self) -> SearchConfig:
        if self.minutes is None and self.trials is None:
            raise ValueError("without `trials` the search needs an end: give `minutes`")
        return self

    @property
    def identity(self) -> str:
        """What makes it this search and no other, so that an earlier one can be gone on with."""
        return json.dumps(self.model_dump(mode="json", exclude=_ONLY_HOW_LONG), sort_keys=True)


def load_search(path: Path | str) -> SearchConfig:
    """Read a search file. Its recipe is only looked at when it is filled in: see `Plan`.

    Raises:
        RecipeError: naming the file, the key and what to do.
    """
    path = Path(path)
    return validated(SearchConfig, read_mapping(path, "search"), path)
