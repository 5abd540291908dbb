"""One parameter of a search: its name, the values that it can take, and how they are told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

import yaml
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from edge_compress.errors import EdgeCompressError

Distribution: TypeAlias = CategoricalDistribution | IntDistribution | FloatDistribution
Value: TypeAlias = bool | int | float | str | None

RANGE_KEYS = ("low", "high", "step", "log")
LONGEST_LABEL = 60  # characters; a whole pass is told shorter


class SpaceError(EdgeCompressError):
    """The space cannot be searched; the message names the key and what to do."""


@dataclass(frozen=True)
class Parameter:
    """What is searched at one place of a recipe.

    Attributes:
        name: the place, such as ``passes.1.prune.keep``.
        distribution: Optuna's, over numbers or labels.
        options: what the labels of a choice stand for, in their order; empty for a range.
    """

    name: str
    distribution: Distribution
    options: tuple[Any, ...] = ()

    @property
    def size(self) -> int | None:
        """How many values there are; None for a continuous range."""
        d = self.distribution
        if isinstance(d, CategoricalDistribution):
            return len(d.choices)
        if isinstance(d, IntDistribution):
            return (d.high - d.low) // d.step + 1
        if d.step is not None:
            return round((d.high - d.low) / d.step) + 1
        return 1 if d.single() else None

    @property
    def text(self) -> str:
        """The range for a reader: ``8 to 64 in steps of 8``, ``0.1 to 0.9``, ``relu, gelu``."""
        d = self.distribution
        if isinstance(d, CategoricalDistribution):
            return ", ".join(_told(choice) for choice in d.choices)
        told = f"{d.low:g} to {d.high:g}"
        if d.log:
            return f"{told}, logarithmic"
        return told if d.step in {None, 1} else f"{told} in steps of {d.step:g}"

    def check(self, value: Value) -> None:
        """See that a value is in the range.

        Raises:
            ValueError: naming both.
        """
        try:
            inside = self.distribution._contains(self.distribution.to_internal_repr(value))  # type: ignore[arg-type]
        except (TypeError, ValueError):
            inside = False
        if not inside:
            raise ValueError(f"`{self.name}`: {value!r} is not in {self.text}")

    def option(self, value: Value) -> tuple[int, Any]:
        """Which option the label of a choice stands for.

        Raises:
            ValueError: for a label that is none of them.
        """
        assert isinstance(self.distribution, CategoricalDistribution)
        # By Optuna's own look-up, since True == 1.
        index = int(self.distribution.to_internal_repr(value))
        return index, self.options[index]


def choice(name: str, options: Sequence[Any]) -> Parameter:
    """One of several YAML values, whatever they are.

    Raises:
        SpaceError: for none, or one and the same twice.
    """
    if not options:
        raise SpaceError(f"`{name}`: a choice of nothing; list at least one value under `search`")
    written = [json.dumps(option, sort_keys=True, default=str) for option in options]
    for text in written:
        if written.count(text) > 1:
            raise SpaceError(f"`{name}`: {text} is listed twice; remove one")
    return Parameter(name, CategoricalDistribution(_labels(options)), tuple(options))


def number_range(name: str, content: dict[Any, Any]) -> Parameter:
    """A range of integers if `low`, `high` and `step` are integers, else of reals.

    Raises:
        SpaceError: naming the key that is missing, unknown or contradicts another.
    """
    for key in content:
        if key not in RANGE_KEYS:
            raise SpaceError(f"`{name}.search.{key}`: unknown key; take {', '.join(RANGE_KEYS)}")
    for key in ("low", "high"):
        if key not in content:
            raise SpaceError(f"`{name}.search.{key}`: this key is needed")
    numbers = {key: content[key] for key in ("low", "high", "step") if content.get(key) is not None}
    for key, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise SpaceError(f"`{name}.search.{key}`: {value!r} is no number")
    low, high, step = numbers["low"], numbers["high"], numbers.get("step")
    log = content.get("log", False)
    if not isinstance(log, bool):
        raise SpaceError(f"`{name}.search.log`: {log!r} is neither true nor false")
    if low > high:
        raise SpaceError(f"`{name}.search`: `low` {low:g} is above `high` {high:g}; swap them")
    if log and low <= 0:
        raise SpaceError(
            f"`{name}.search`: a logarithmic range begins above 0, and `low` is {low:g}"
        )
    if log and step is not None:
        raise SpaceError(f"`{name}.search`: a logarithmic range has no `step`; remove one of both")
    if step is not None and not 0 < step <= high - low:
        raise SpaceError(
            f"`{name}.search.step`: {step:g} does not fit between {low:g} and {high:g}"
        )
    return Parameter(name, _distribution(low, high, step, log))


def _distribution(
    low: float, high: float, step: float | None, log: bool
) -> IntDistribution | FloatDistribution:
    if all(isinstance(number, int) for number in (low, high, step or 1)):
        low, high, step = int(low), int(high), int(step or 1)
        return IntDistribution(low, low + (high - low) // step * step, log=log, step=step)
    if step is not None:  # up to the last value that the steps reach; in decimals, as written
        first, each = Decimal(str(low)), Decimal(str(step))
        high = float(first + (Decimal(str(high)) - first) // each * each)
    return FloatDistribution(float(low), float(high), log=log, step=step)


def _labels(options: Sequence[Any]) -> list[Value]:
    """What Optuna stores, which takes scalars alone, and what a reader sees in a table."""
    labels: list[Value] = []
    for index, option in enumerate(options):
        if option is None or isinstance(option, bool | int | float | str):
            labels.append(option)
        else:
            text = yaml.safe_dump(
                _brief(option),
                default_flow_style=True,
                sort_keys=False,
                allow_unicode=True,
                width=10**6,
            ).strip()
            short = text if len(text) <= LONGEST_LABEL else f"{text[: LONGEST_LABEL - 1]}…"
            labels.append(f"[{index}] {short}")
    if len(set(labels)) < len(labels):  # such as 1 and true
        return [f"[{index}] {_told(label)}" for index, label in enumerate(labels)]
    return labels


def _brief(node: Any) -> Any:
    """What lies in an option, without the searches in it."""
    if isinstance(node, dict):
        return {
            key: "…" if isinstance(child, dict) and "search" in child else _brief(child)
            for key, child in node.items()
        }
    return [_brief(child) for child in node] if isinstance(node, list) else node


def _told(value: Value) -> str:
    return json.dumps(value) if value is None or isinstance(value, bool) else str(value)
