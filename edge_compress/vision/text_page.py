"""Coloured lines of text as a picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_SCALE = 0.5
_LINE_PX = 22
_MARGIN_PX = 8
_BACKGROUND = 32
_CUT = "..."

Color = tuple[int, int, int]


def draw_page(lines: Sequence[tuple[str, Color]], width: int) -> NDArray[np.uint8]:
    """Draw lines from the top on a dark page.

    Args:
        lines: printable ASCII, each with its colour in BGR; a line that is too long is cut off.
        width: of the page in pixels.

    Returns:
        uint8 [height, width, 3], BGR; as high as the lines need.
    """
    height = 2 * _MARGIN_PX + _LINE_PX * len(lines)
    page = np.full((height, width, 3), _BACKGROUND, np.uint8)
    for number, (text, color) in enumerate(lines):
        place = (_MARGIN_PX, _MARGIN_PX + _LINE_PX * number + 15)
        fitting = _cut(text, width - 2 * _MARGIN_PX)
        cv2.putText(page, fitting, place, _FONT, _SCALE, color, 1, cv2.LINE_AA)
    return page


def _cut(text: str, width: int) -> str:
    if _width(text) <= width:
        return text
    # The letters differ in width: the longest beginning that fits is found by halving.
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if _width(text[:middle] + _CUT) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low] + _CUT


def _width(text: str) -> int:
    return int(cv2.getTextSize(text, _FONT, _SCALE, 1)[0][0])
