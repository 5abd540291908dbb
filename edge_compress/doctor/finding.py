"""What was looked at, how it stands, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Level: TypeAlias = Literal["OK", "WARN", "ERROR"]
LEVELS: tuple[Level, ...] = ("OK", "WARN", "ERROR")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: was looked at, in a few words.
        level: ERROR where something cannot work, WARN where it may not or is worse than need be.
        found: the state of it.
        remedy: what to do; empty only where there is nothing to do.
    """

    what: str
    level: Level
    found: str
    remedy: str = ""


def worst(findings: Iterable[Finding]) -> Level:
    """Return the level of all together; OK when there are none."""
    return max((finding.level for finding in findings), key=LEVELS.index, default="OK")
