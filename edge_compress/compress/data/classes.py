"""From the classes of a data set to those of the model."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_compress.compress.data.errors import DataError

_SHOWN = 8


@dataclass(frozen=True)
class ModelClasses:
    """What the model can tell apart.

    Attributes:
        names: of the model's classes, in the order of its outputs.
        whole: where the recipe has chosen `classes`: the names before that. Labels of other
            classes are left out then; without a choice they are a mistake.
    """

    names: tuple[str, ...]
    whole: tuple[str, ...] | None = None

    def by_name(self, used: Mapping[str, str], where: str) -> dict[str, int | None]:
        """Which class of the model each name is; None for one that the recipe leaves out.

        Args:
            used: names that labels have, each with a place where it was seen.
            where: the data set, for the message.

        Raises:
            DataError: for a name that the model does not know.
        """
        places = {name: i for i, name in enumerate(self.names)}
        unknown = [name for name in used if name not in places]
        if unknown and (self.whole is None or len(unknown) == len(used)):
            first = unknown[0]
            near = difflib.get_close_matches(first, self.whole or self.names, n=1)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            raise DataError(
                f"{where}: {used[first]}: label {first!r}{hint} is not a class of the model, "
                f"which has {_listed(self.names)}; {len(unknown)} of the {len(used)} names of the "
                "labels are unknown: mend `model.labels`, or name the classes that you need under "
                "`classes`, and labels of all others are left out"
            )
        return {name: places.get(name) for name in used}

    def by_number(self, count: int, where: str) -> tuple[int | None, ...]:
        """Which class of the model each number below `count` is; None for one that is left out.

        Raises:
            DataError: when the model does not have as many classes.
        """
        outputs = self.whole or self.names
        if len(outputs) != count:
            raise DataError(
                f"{where}: has labels 0 to {count - 1}, so {count} classes, but the model has "
                f"{len(outputs)} ({_listed(outputs)}): take a model with {count} outputs, and list "
                "as many `model.labels`"
            )
        places = {name: i for i, name in enumerate(self.names)}
        return tuple(places.get(name) for name in outputs)

    def check_all_are_shown(self, shown: NDArray[np.int64], where: str) -> None:
        """See that every class of the model can be learnt.

        Args:
            shown: class of each label to learn from.
            where: the data set, for the message.

        Raises:
            DataError: naming the classes without an example.
        """
        present = set(np.unique(shown).tolist())
        empty = [name for i, name in enumerate(self.names) if i not in present]
        if empty:
            raise DataError(
                f"{where}: nothing to learn from for {len(empty)} of the model's "
                f"{len(self.names)} classes: {_listed(empty)}; add labelled pictures of them, "
                "take more pictures (`data.count.learn`), or name under `classes` only those that "
                "the robot needs"
            )


def _listed(names: Sequence[str]) -> str:
    text = ", ".join(repr(name) for name in names[:_SHOWN])
    return text if len(names) <= _SHOWN else f"{text} and {len(names) - _SHOWN} more"
