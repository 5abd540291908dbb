"""The names that ground truth and detector have for one class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from edge_compress.scoring.errors import ScoringError

_SHOWN = 12


def parse_class_map(entries: Sequence[str]) -> dict[str, str]:
    """Parse "16:cat": ground truth's class, a colon, the detector's; nothing to ignore the class.

    Raises:
        ScoringError: an entry has no colon, or one class is mapped twice.
    """
    mapped: dict[str, str] = {}
    for entry in entries:
        name, colon, to = (part.strip() for part in entry.partition(":"))
        if not colon:
            raise ScoringError(
                f"`class_map`: {entry!r} has no colon; an entry is GROUND_TRUTH:DETECTOR, such as "
                '"16:cat", or "16:" to ignore that class'
            )
        if mapped.get(name, to) != to:
            raise ScoringError(
                f"`class_map`: {name!r} is mapped to both {mapped[name]!r} and {to!r}; keep one"
            )
        mapped[name] = to
    return mapped


def nothing_in_common(truth: Iterable[str], found: Iterable[str], mapped: Mapping[str, str]) -> str:
    """Say that no class of ground truth is one of the detector's, or nothing.

    Args:
        truth: classes of ground truth, after mapping.
        found: those of the detector.
        mapped: by `parse_class_map`.
    """
    theirs, ours = set(truth), set(found)
    if not theirs or not ours or theirs & ours:
        return ""
    example = f"{min(theirs, key=_by_number)}:..."
    hint = " (after class_map)" if mapped else ""
    return (
        f"no class in common: ground truth has {listed(theirs)}{hint}, the detector "
        f'{listed(ours)}; say which is which by class_map, such as ["{example}"]'
    )


def listed(names: Iterable[str]) -> str:
    """Name classes, at most a dozen."""
    ordered = sorted(names, key=_by_number)
    text = ", ".join(repr(name) for name in ordered[:_SHOWN])
    return text + (f" and {len(ordered) - _SHOWN} more" if len(ordered) > _SHOWN else "")


def _by_number(name: str) -> tuple[int, str]:
    return (int(name) if name.isdecimal() else 1 << 62), name
