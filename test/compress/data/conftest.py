"""Small data sets of every format, written by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from data_sets import Coco, Notes, draw, grey, idx, voc_xml


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def mnist(tmp_path: Path) -> Path:
    """60 pictures to learn from and 20 to measure on, of 4 x 4, in four classes."""
    folder = tmp_path / "digits"
    folder.mkdir()
    for part, count in (("train", 60), ("t10k", 20)):
        numbers = np.arange(count) % 4
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx(grey(numbers)))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx(numbers))
    return folder


@pytest.fixture
def class_folders(tmp_path: Path) -> Path:
    """Ten pictures of cats and twenty of dogs; a cat is dark."""
    folder = tmp_path / "pets"
    for name, value, count in (("cat", 20, 10), ("dog", 200, 20)):
        for i in range(count):
            draw(folder / name / f"{i:02d}.png", value + i)
    (folder / "dog" / "notes.txt").write_text("no picture")
    return folder


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Ten pictures of 40 x 30, 0.png to 9.png, in a folder `images`."""
    folder = tmp_path / "images"
    for i in range(10):
        draw(folder / f"{i}.png", 20 * i)
    return folder


@pytest.fixture
def coco(pictures: Path, tmp_path: Path) -> Coco:
    return Coco(tmp_path / "instances.json")


@pytest.fixture
def voc(pictures: Path) -> Path:
    """`Annotations` beside the pictures: a cat in each, and a dog in each second one."""
    folder = pictures.parent / "Annotations"
    folder.mkdir()
    for i in range(10):
        objects = [("cat", 1 + i, 3, 10 + i, 22)]
        if i % 2 == 0:
            objects.append(("dog", 6, 6, 35, 25))
        (folder / f"{i}.xml").write_text(voc_xml(objects))
    return folder


@pytest.fixture
def yolo(pictures: Path) -> Path:
    """`labels` beside the pictures: a cat in each, and a dog in each second one."""
    folder = pictures.parent / "labels"
    folder.mkdir()
    (pictures.parent / "data.yaml").write_text("names: {0: dog, 1: cat}\n")
    for i in range(10):
        lines = [f"1 {(i + 5) / 40} {12 / 30} {10 / 40} {20 / 30}"]
        if i % 2 == 0:
            lines.append("0 0.5 0.5 0.75 0.6666667")
        (folder / f"{i}.txt").write_text("\n".join(lines) + "\n")
    return folder
