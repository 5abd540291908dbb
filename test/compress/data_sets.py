"""Writers of small data sets."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np


class Notes:
    """Remembers what reading the data says."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def track(self, items: Iterable, what: str, total: int) -> Iterator:
        yield from items

    def note(self, text: str) -> None:
        self.lines.append(text)


def idx(values: np.ndarray) -> bytes:
    """The content of an idx file of unsigned bytes."""
    head = bytes((0, 0, 8, values.ndim)) + struct.pack(f">{values.ndim}I", *values.shape)
    return head + values.astype(np.uint8).tobytes()


def grey(numbers: np.ndarray, side: int = 4) -> np.ndarray:
    """Pictures whose brightness is ten times their class, plus their place from the left."""
    ramp = np.arange(side, dtype=np.uint8)
    return (10 * numbers[:, None, None] + ramp[None, None, :]).repeat(side, axis=1).astype(np.uint8)


def draw(path: Path, value: int = 128, width: int = 40, height: int = 30) -> Path:
    """A picture of one brightness."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((height, width, 3), value, np.uint8))
    return path


class Coco:
    """Writes annotations for `pictures`: a cat in each, and a dog in each second one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.content: dict = {
            "images": [
                {"id": 100 + i, "file_name": f"{i}.png", "width": 40, "height": 30}
                for i in range(10)
            ],
            "categories": [{"id": 7, "name": "dog"}, {"id": 3, "name": "cat"}],
            "annotations": [
                {"id": i, "image_id": 100 + i, "category_id": 3, "bbox": [i, 2, 10, 20]}
                for i in range(10)
            ]
            + [
                {"id": 10 + i, "image_id": 100 + i, "category_id": 7, "bbox": [5, 5, 30, 20]}
                for i in range(0, 10, 2)
            ],
        }

    def write(self) -> Path:
        self.path.write_text(json.dumps(self.content))
        return self.path


def voc_xml(objects: Iterable[tuple], size: tuple[int, int] | None = (40, 30)) -> str:
    """Annotations; an object is its name, xmin, ymin, xmax and ymax, and what else it has."""
    inside = "".join(
        f"<object><name>{name}</name>{''.join(more)}<bndbox><xmin>{a}</xmin><ymin>{b}</ymin>"
        f"<xmax>{c}</xmax><ymax>{d}</ymax></bndbox></object>"
        for name, a, b, c, d, *more in objects
    )
    said = f"<size><width>{size[0]}</width><height>{size[1]}</height></size>" if size else ""
    return f"<annotation>{said}{inside}</annotation>"
