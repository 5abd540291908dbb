"""A search that has been looked through: its space, and the recipe of any point in it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edge_compress.compress.recipe import Recipe
from edge_compress.compress.recipe_file import RecipeError, validated
from edge_compress.compress.search.config import SearchConfig
from edge_compress.compress.search.covering import covering
from edge_compress.compress.search.domain import SpaceError
from edge_compress.compress.search.space import Space

SEARCHED = ("model", "passes")  # data, target and task must be one, or candidates do not compare


@dataclass(frozen=True)
class Plan:
    """A search and where it stands.

    Attributes:
        config: what is asked for.
        origin: the search file; relative paths are relative to its folder.
        space: what is searched.
        samples: some recipes in which every choice and every end of a range occurs. What all
            recipes of the space share can be read off the first.
    """

    config: SearchConfig
    origin: Path
    space: Space
    samples: tuple[Recipe, ...]

    @classmethod
    def of(cls, config: SearchConfig, origin: Path) -> Plan:
        """Find the space, and see before any work that recipes can be made of it.

        Args:
            config: the search.
            origin: its file; a search that was made in Python gives any name in a folder.

        Raises:
            SpaceError: for an empty or contradictory space, or a value that cannot be searched.
            RecipeError: for a key of the recipe that is wrong, in any choice.
        """
        mapping = {"name": config.name, **config.recipe}
        try:
            _refuse_nested(mapping.get("passes"))
            space = Space.of(mapping)
            for name in space.parameters:
                if re.split(r"[.\[]", name)[0] not in SEARCHED:
                    raise SpaceError(
                        f"`{name}`: only values of {' and '.join(SEARCHED)} can be searched, since "
                        "candidates must be compared on the same task, frames and target"
                    )
        except SpaceError as error:
            raise SpaceError(f"{origin}: in `recipe`, {error}") from error
        _check_first(config.first, space, origin)
        fillings = [space.fill(values) for values in covering(space)]
        samples = tuple(recipe_of(filled, origin) for filled in fillings)
        first = samples[0]
        if first.data.task is None and any(n.startswith("model") for n in space.parameters):
            raise RecipeError(
                f"{origin}: `recipe.model` is searched, but {first.data.format} data have no "
                "labels that say which model is good: give labelled data, or keep the model as the "
                "teacher and search the `student` of a `distill` pass"
            )
        return cls(config, origin, space, samples)

    def until(self, **ends: int | float) -> Plan:
        """The same search with other `trials` or `minutes`."""
        return replace(self, config=self.config.model_copy(update=ends))

    @property
    def shared(self) -> Recipe:
        """A recipe whose task, data and target are those of all."""
        return self.samples[0]

    @property
    def searches_model(self) -> bool:
        """Whether candidates do not all begin with one and the same model."""
        return any(name.startswith("model") for name in self.space.parameters)

    def recipe(self, mapping: Mapping[str, Any]) -> Recipe:
        """The recipe of a filled space.

        Raises:
            RecipeError: for a key that is wrong.
        """
        return recipe_of(mapping, self.origin)


def recipe_of(mapping: Mapping[str, Any], origin: Path) -> Recipe:
    """A filled space as a recipe whose passes are judged together, at their end.

    Raises:
        RecipeError: for a key that is wrong.
    """
    return validated(Recipe, {"judge": "end", **mapping}, origin, under="recipe")


def _check_first(points: Sequence[Mapping[str, Any]], space: Space, origin: Path) -> None:
    known = space.parameters
    for number, point in enumerate(points):
        for name, value in point.items():
            place = f"{origin}: `first.{number}`"
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1) or known
                told = " or ".join(f"`{parameter}`" for parameter in near)
                raise SpaceError(f"{place}: nothing searched is called `{name}`; take {told}")
            try:
                known[name].check(value)
            except ValueError as error:
                raise SpaceError(f"{place}: {error}") from error


def _refuse_nested(passes: Any) -> None:
    """A `search` pass has a space of its own, which would be taken for a part of this one."""
    if isinstance(passes, Mapping):
        if passes.get("kind") == "search":
            raise SpaceError(
                "`passes`: a `search` pass cannot be in a search: put its passes in its place"
            )
        for child in passes.values():
            _refuse_nested(child)
    elif isinstance(passes, list | tuple):
        for child in passes:
            _refuse_nested(child)
