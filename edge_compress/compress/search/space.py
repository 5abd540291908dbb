"""The space of a search, written inline in a recipe: any value may be ``{search: ...}``.

- ``{search: [a, b, c]}``: one of these YAML values. They may be whole mappings or lists of passes,
  and may hold further values to search.
- ``{search: {low: 8, high: 64, step: 8}}``: an integer if all of these are integers, else a real
  number; ``log: true`` for a logarithmic range.
- ``{search: default}``: the range that the pass, or the model's factory, declares for it.
- ``optional: true`` in a pass, or ``optional: {kind: ...}`` around it: whether it is there at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from edge_compress.compress.search.declared import Trail, declared_range
from edge_compress.compress.search.domain import (
    Distribution,
    Parameter,
    SpaceError,
    Value,
    choice,
    number_range,
)

__all__ = ["Parameter", "Space", "SpaceError", "Value"]

SEARCH = "search"
OPTIONAL = "optional"
INCLUDED = "included"  # the name of the parameter that says whether an optional pass is there


@dataclass(frozen=True)
class Space:
    """All recipes that a mapping with ``search`` values stands for.

    Attributes:
        mapping: as it was written.
        parameters: what is searched, by readable paths such as ``model.arguments.width`` or
            ``passes.1.prune.keep``; what lies in the second option of a choice at ``model`` is at
            ``model[1]``. In the order of the file.
        size: how many different recipes there are; None with a continuous range.
    """

    mapping: Mapping[str, Any]
    parameters: Mapping[str, Parameter]
    size: int | None

    @classmethod
    def of(cls, mapping: Mapping[str, Any]) -> Space:
        """Find what is searched in a recipe's mapping, or in a part of one.

        Raises:
            SpaceError: when nothing is to be searched, or naming the key of a range that is empty,
                contradictory, unknown, or not declared by its pass.
        """
        parameters: dict[str, Parameter] = {}
        for parameter in _parameters(mapping, "", ()):
            if parameter.name in parameters:
                raise SpaceError(f"`{parameter.name}`: two places of the space have this name")
            parameters[parameter.name] = parameter
        size = _size(mapping, "", parameters)
        if size == 1:
            raise SpaceError(
                "nothing to search: give at least one value of the recipe as `{search: ...}`, such "
                "as `keep: {search: {low: 0.2, high: 0.9}}`"
            )
        return cls(mapping, parameters, size)

    @property
    def distributions(self) -> dict[str, Distribution]:
        """Optuna's distribution of every parameter."""
        return {name: parameter.distribution for name, parameter in self.parameters.items()}

    def fill(self, values: Mapping[str, Value]) -> dict[str, Any]:
        """The plain mapping with these values put in; one for every parameter.

        Parameters that lie in an option or pass that was not taken have no effect.

        Raises:
            ValueError: for a value outside its range, or one for an unknown or no parameter.
        """
        if values.keys() != self.parameters.keys():
            odd = ", ".join(sorted(values.keys() ^ self.parameters.keys()))
            raise ValueError(f"values and parameters of the space differ: {odd}")
        for name, value in values.items():
            self.parameters[name].check(value)
        filled = _filled(self.mapping, "", self.parameters, values)
        assert isinstance(filled, dict)
        return filled

    def key(self, values: Mapping[str, Value]) -> str:
        """The same text for values that stand for one and the same recipe."""
        return json.dumps(self.fill(values), sort_keys=True, default=str)


def _parameters(node: Any, path: str, trail: Trail) -> Iterator[Parameter]:
    """Each parameter in `node`, which lies at `path`."""
    if _is_search(node, path):
        yield from _searched(node[SEARCH], path, trail)
    elif isinstance(node, Mapping) and not _has_own_search(node):
        for key, child in node.items():
            yield from _parameters(child, _join(path, key), (*trail, (node, str(key))))
    elif isinstance(node, list | tuple):
        for place, optional, child in _items(node, path):
            if optional:
                yield choice(_join(place, INCLUDED), (True, False))
            yield from _parameters(child, place, trail)


def _searched(content: Any, path: str, trail: Trail) -> Iterator[Parameter]:
    if content == "default":
        content = declared_range(trail)
        if content is None:
            raise SpaceError(
                f"`{path}.search`: no pass or factory declares a range for this; write one, such "
                "as `{search: [a, b]}` or `{search: {low: 1, high: 8}}`"
            )
    if isinstance(content, list | tuple):
        yield choice(path, content)
        for index, option in enumerate(content):
            yield from _parameters(option, f"{path}[{index}]", trail)
    elif isinstance(content, Mapping):
        yield number_range(path, dict(content))
    else:
        raise SpaceError(
            f"`{path}.search`: {content!r} is neither a list of values, nor a mapping with `low` "
            "and `high`, nor `default`"
        )


def _filled(
    node: Any, path: str, parameters: Mapping[str, Parameter], values: Mapping[str, Value]
) -> Any:
    if _is_search(node, path):
        parameter = parameters[path]
        if not parameter.options:
            return values[path]
        index, option = parameter.option(values[path])
        return _filled(option, f"{path}[{index}]", parameters, values)
    if isinstance(node, Mapping):
        if _has_own_search(node):
            return dict(node)
        return {
            key: _filled(child, _join(path, key), parameters, values) for key, child in node.items()
        }
    if isinstance(node, list | tuple):
        filled = [
            _filled(child, place, parameters, values)
            for place, optional, child in _items(node, path)
            if not optional or values[_join(place, INCLUDED)]
        ]
        # A choice between a pass and nothing is written with null.
        return [item for item in filled if item is not None] if _lists_passes(path) else filled
    return node


def _size(node: Any, path: str, parameters: Mapping[str, Parameter]) -> int | None:
    """How many fillings `node` has; None for endlessly many."""
    if _is_search(node, path):
        parameter = parameters[path]
        if not parameter.options:
            return parameter.size
        sizes = [
            _size(option, f"{path}[{index}]", parameters)
            for index, option in enumerate(parameter.options)
        ]
        return None if None in sizes else sum(size for size in sizes if size is not None)
    product: int | None = 1
    for place, optional, child in _children(node, path):
        size = _size(child, place, parameters)
        product = None if product is None or size is None else product * (size + optional)
    return product


def _children(node: Any, path: str) -> Iterator[tuple[str, bool, Any]]:
    if isinstance(node, Mapping) and not _has_own_search(node):
        yield from ((_join(path, key), False, child) for key, child in node.items())
    elif isinstance(node, list | tuple):
        yield from _items(node, path)


def _items(items: list[Any] | tuple[Any, ...], path: str) -> Iterator[tuple[str, bool, Any]]:
    """Path, whether it is optional, and content of each item; a pass's path ends in its kind."""
    for index, item in enumerate(items):
        place, optional = _join(path, index), False
        if _lists_passes(path) and isinstance(item, Mapping):
            item, optional = _unwrapped(item, place)
            if isinstance(item, Mapping) and isinstance(item.get("kind"), str):
                place = _join(place, item["kind"])
        yield place, optional, item


def _unwrapped(item: Mapping[Any, Any], place: str) -> tuple[Any, bool]:
    """A pass without its ``optional``, and whether it had one."""
    if OPTIONAL not in item:
        return item, False
    told = item[OPTIONAL]
    if isinstance(told, Mapping) and len(item) == 1:
        return told, True
    if not isinstance(told, bool):
        raise SpaceError(
            f"`{place}.optional`: write `optional: true` in the pass, or `optional:` around it"
        )
    return {key: value for key, value in item.items() if key != OPTIONAL}, told


def _lists_passes(path: str) -> bool:
    last = path.rpartition(".")[2]
    return last.partition("[")[0] == "passes"


def _has_own_search(node: Mapping[Any, Any]) -> bool:
    """Whether this is a pass that searches among passes of its own."""
    return node.get("kind") == SEARCH and "passes" in node


def _is_search(node: Any, path: str) -> bool:
    if not isinstance(node, Mapping) or SEARCH not in node:
        return False
    others = [str(key) for key in node if key != SEARCH]
    if others:
        raise SpaceError(f"`{_join(path, others[0])}`: `search` stands alone, without other keys")
    return True


def _join(path: str, key: Any) -> str:
    return f"{path}.{key}" if path else str(key)
