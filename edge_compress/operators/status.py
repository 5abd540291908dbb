"""One status of /diagnostics, free of ROS."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from edge_compress.telemetry.levels import Level


@dataclass(frozen=True)
class Status:
    """The newest status of one task of a node.

    Attributes:
        level: how it stands.
        message: what the node says.
        values: its figures by name, the unit in the name; text where it is not a number.
        name: ``node: task`` (REP-107).
        hardware_id: who says so; nodes of edge_compress give their own full name.
    """

    level: Level = Level.OK
    message: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    hardware_id: str = ""

    @property
    def failed(self) -> bool:
        """The node says ERROR."""
        return self.level is Level.ERROR

    @property
    def node(self) -> str:
        """Name of the node, without the leading slash."""
        return self.name.partition(": ")[0].strip().lstrip("/")

    @property
    def task(self) -> str:
        """What of the node it is about; empty where the name has only one part."""
        return self.name.partition(": ")[2].strip()

    def number(self, key: str) -> float | None:
        """A figure, or None where the node does not know it."""
        try:
            number = float(self.values[key])
        except (KeyError, ValueError):
            return None
        return number if math.isfinite(number) else None

    def text(self, key: str) -> str | None:
        """A value as text, or None where the node does not tell it."""
        return self.values.get(key) or None
