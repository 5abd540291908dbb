"""Names that are nearly one that is known."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping

# `confidence_treshold` is 0.97 like the right one. Names less alike may be meant for somebody else:
# one parameter file often serves several nodes by `/**`.
_ALIKE = 0.8


def misspelt(given: Iterable[str], known: Collection[str]) -> Mapping[str, str]:
    """Return the names that are not known but nearly are, each with the one that it is like."""
    unknown = [name for name in given if name not in known]
    near = {name: difflib.get_close_matches(name, known, n=1, cutoff=_ALIKE) for name in unknown}
    return {name: found[0] for name, found in near.items() if found}
