"""Names of the classes of well-known data sets, one name a line in a text file here."""

from __future__ import annotations

from importlib import resources

from edge_compress.errors import EdgeCompressError

KNOWN = ("coco",)


class LabelsError(EdgeCompressError):
    """No set of labels has this name."""


def load_labels(name: str) -> tuple[str, ...]:
    """Return the class names of a data set, in the order of its class indices.

    Args:
        name: ``coco`` for the 80 classes of COCO 2017.

    Raises:
        LabelsError: no such set is known.
    """
    if name not in KNOWN:
        raise LabelsError(f"no labels are called {name!r}; known are {', '.join(KNOWN)}")
    text = resources.files(__name__).joinpath(f"{name}.txt").read_text(encoding="utf-8")
    return tuple(text.split("\n")[:-1])
