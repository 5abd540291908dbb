"""What the lock brings can be used beside a product that is not free software."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

LOCK = Path(__file__).resolve().parents[2] / "requirements" / "lock.txt"
REFUSED = re.compile(r"\b[AL]?GPL|General Public License|\bSSPL|Commons Clause", re.IGNORECASE)
# docutils is in the public domain, but for a mode for an editor that is under the GPL.
READ_BY_A_PERSON = {"docutils"}


def locked() -> list[str]:
    lines = LOCK.read_text().splitlines()
    return sorted({line.partition("==")[0] for line in lines if "==" in line})


def licence(name: str) -> str | None:
    """Return what a package says about its licence; None when it is for another Python."""
    try:
        metadata = distribution(name).metadata
    except PackageNotFoundError:
        return None
    said = [
        metadata.get("License-Expression", ""),
        metadata.get("License", "")[:200],
    ]  # it may be the whole text
    said += [text for text in metadata.get_all("Classifier", []) if text.startswith("License")]
    return " | ".join(said)


def test_no_locked_package_is_under_the_gpl() -> None:
    found = {name: licence(name) for name in locked()}
    assert sum(text is not None for text in found.values()) > 100
    refused = {name: text for name, text in found.items() if text and REFUSED.search(text)}
    assert refused.keys() <= READ_BY_A_PERSON, refused
