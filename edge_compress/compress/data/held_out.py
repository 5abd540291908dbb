"""What judges: a share of the pictures, some of them by number, or pictures of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from edge_compress.compress.data.frames import FrameRange

# Tags in angle brackets are not told to the reader of a message.
Share = Annotated[float, Field(gt=0, le=0.9), Tag("<share>")]
Range = Annotated[FrameRange, Tag("<range>")]
OWN = Tag("<own>")


def _kind(value: Any) -> str:
    if isinstance(value, (int, float)):
        return "<share>"
    ranged = isinstance(value, FrameRange) or (isinstance(value, Mapping) and "count" in value)
    return "<range>" if ranged else "<own>"


BY_FORM = Discriminator(_kind)
"""Tells `held_out: 0.2`, `held_out: {start: 100, count: 50}` and what a format has of its own."""
