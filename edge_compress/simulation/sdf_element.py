"""One element of an SDF file, whose mistakes are told with the file and its place therein."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

from edge_compress.simulation.errors import WorldError
from edge_compress.simulation.pose import Pose

_FLAGS = {"true": True, "1": True, "false": False, "0": False}


class SdfElement:
    """An element and the way to it.

    Attributes:
        file: that it is in.
        tag: its name.
        path: tags and names from the world down to it.
    """

    def __init__(self, file: Path, element: ElementTree.Element, path: str = "") -> None:
        """Wrap `element`, whose parent has the path `path`."""
        self.file = file
        self.tag = element.tag
        name = element.get("name")
        own = f"{self.tag} `{name}`" if name else f"<{self.tag}>"
        self.path = f"{path} / {own}" if path else own
        self._element = element

    def error(self, problem: str) -> WorldError:
        """Return what is wrong with this element."""
        return WorldError(f"{self.file}: {self.path}: {problem}")

    def attribute(self, name: str) -> str:
        """Return an attribute.

        Raises:
            WorldError: it is not there.
        """
        value = self._element.get(name)
        if not value:
            raise self.error(f"has no attribute `{name}`")
        return value

    def allow(self, *tags: str) -> None:
        """Refuse every child but these.

        Raises:
            WorldError: there is another one.
        """
        for child in self._element:
            if child.tag not in tags:
                raise self.error(
                    f"<{child.tag}> is not supported by this simulator, which would show "
                    "something else than Gazebo: remove it, or run Gazebo"
                )

    def children(self, tag: str) -> Iterator[SdfElement]:
        """Yield all children of a name."""
        for child in self._element.findall(tag):
            yield SdfElement(self.file, child, self.path)

    def child(self, tag: str) -> SdfElement | None:
        """Return the only child of a name, or None.

        Raises:
            WorldError: there are several.
        """
        found = list(self.children(tag))
        if len(found) > 1:
            raise self.error(f"has {len(found)} <{tag}>, can have one")
        return found[0] if found else None

    def need(self, tag: str) -> SdfElement:
        """Return the only child of a name.

        Raises:
            WorldError: there is none, or there are several.
        """
        found = self.child(tag)
        if found is None:
            raise self.error(f"has no <{tag}>")
        return found

    @property
    def text(self) -> str:
        """What stands in the element, without blanks around it."""
        return (self._element.text or "").strip()

    def numbers(self, count: int) -> tuple[float, ...]:
        """Return the numbers that stand in the element.

        Raises:
            WorldError: these are not so many finite numbers.
        """
        try:
            values = tuple(float(word) for word in self.text.split())
        except ValueError:
            values = ()
        if len(values) != count or not all(map(math.isfinite, values)):
            wanted = "a number" if count == 1 else f"{count} numbers"
            raise self.error(f"must be {wanted}, is `{self.text}`")
        return values

    def number(
        self, tag: str, default: float | None = None, *, low: float = -math.inf, above: bool = False
    ) -> float:
        """Return the number in a child.

        Args:
            tag: of the child.
            default: without the child; None when it must be there.
            low: smallest value.
            above: only values above `low`.

        Raises:
            WorldError: it is not there, no number, or too small.
        """
        found = self.need(tag) if default is None else self.child(tag)
        if found is None:
            return float(default or 0)
        (value,) = found.numbers(1)
        if value < low or (above and value == low):
            raise found.error(f"must be {'above' if above else 'at least'} {low:g}, is {value:g}")
        return value

    def lengths(self, tag: str, count: int) -> tuple[float, ...]:
        """Return the numbers in a child, all above 0.

        Raises:
            WorldError: it is not there, or these are no lengths.
        """
        found = self.need(tag)
        values = found.numbers(count)
        if min(values) <= 0:
            raise found.error(f"must be above 0, is `{found.text}`")
        return values

    def whole(self, tag: str, low: int, high: int) -> int:
        """Return the whole number in a child.

        Raises:
            WorldError: it is not there, no whole number, or out of range.
        """
        value = self.number(tag)
        if value != int(value) or not low <= value <= high:
            raise self.need(tag).error(f"must be a whole number from {low} to {high}")
        return int(value)

    def vector(
        self, tag: str, default: tuple[float, float, float] | None = None
    ) -> tuple[float, float, float]:
        """Return the three numbers in a child.

        Raises:
            WorldError: it is not there and has no default, or is no vector.
        """
        found = self.need(tag) if default is None else self.child(tag)
        if found is None:
            return default or (0.0, 0.0, 0.0)
        x, y, z = found.numbers(3)
        return x, y, z

    def color(
        self, tag: str, default: tuple[float, float, float] | None = None
    ) -> tuple[float, float, float]:
        """Return the colour in a child: red, green, blue of 0-1; an alpha must be 1.

        Raises:
            WorldError: it is not there and has no default, is no colour, or lets light through.
        """
        found = self.need(tag) if default is None else self.child(tag)
        if found is None:
            return default or (0.0, 0.0, 0.0)
        values = found.numbers(4 if len(found.text.split()) == 4 else 3)
        if not all(0 <= value <= 1 for value in values) or values[3:] not in ((), (1.0,)):
            raise found.error("must be red, green and blue from 0 to 1, and an alpha of 1")
        return values[0], values[1], values[2]

    def flag(self, tag: str, default: bool) -> bool:
        """Return the truth value in a child.

        Raises:
            WorldError: it is none.
        """
        found = self.child(tag)
        if found is None:
            return default
        if found.text not in _FLAGS:
            raise found.error(f"must be true or false, is `{found.text}`")
        return _FLAGS[found.text]

    def pose(self) -> Pose:
        """Return the element's <pose>.

        Raises:
            WorldError: it is no plain pose.
        """
        found = self.child("pose")
        if found is None:
            return Pose.identity()
        if attributes := list(found._element.attrib):
            raise found.error(
                f"the attribute `{attributes[0]}` is not supported by this simulator: give x y z "
                "roll pitch yaw in the parent's frame, in metres and radians"
            )
        return Pose.from_rpy(*found.numbers(6))
