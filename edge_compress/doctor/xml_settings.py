"""Settings of a DDS implementation in an XML file."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path


class SettingsError(Exception):
    """The file is not there, or is no XML; the message says which, without the file's name."""


def read(path: Path) -> ElementTree.Element:
    """Return the root of a file.

    Raises:
        SettingsError: it cannot be read.
    """
    try:
        return parse(path.read_bytes())
    except OSError as error:
        raise SettingsError((error.strerror or str(error)).lower()) from error


def parse(text: str | bytes) -> ElementTree.Element:
    """Return the root of a document.

    Raises:
        SettingsError: it is no XML.
    """
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise SettingsError(f"no XML ({error})") from error


def texts(root: ElementTree.Element, name: str) -> list[str]:
    """Return the texts of all elements of this name, whatever their namespace."""
    found = (e for e in root.iter() if local_name(e) == name)
    return [(element.text or "").strip() for element in found]


def local_name(element: ElementTree.Element) -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2]
