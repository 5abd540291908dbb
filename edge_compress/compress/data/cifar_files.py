"""The files that CIFAR-10 comes in: as PNG and JSON, binary, or pickled for Python."""

from __future__ import annotations

import codecs
import json
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_compress.compress.data.errors import DataError
from edge_compress.compress.data.pictures import Pictures

_SIDE = 32
_VALUES = 3 * _SIDE * _SIDE
# All that a pickled array needs; anything else in a file would be code of a stranger's.
_RECONSTRUCT = np.zeros(0).__reduce__()[0]  # NumPy 2 has moved it
_HARMLESS: dict[tuple[str, str], Any] = {
    ("_codecs", "encode"): codecs.encode,
    ("numpy", "dtype"): np.dtype,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
}


def read_png(images: Sequence[Path], labels: Path) -> Pictures:
    """PNG files in RGB with 1,024 pixels a picture, row by row, and a JSON list of all labels.

    Raises:
        DataError: for a file that is not so.
    """
    numbers = _json_numbers(labels)
    batches = []
    for path in images:
        pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if pixels is None or pixels.size % _VALUES:
            raise DataError(f"{path}: not a whole PNG with pictures of 32 x 32; fetch it again")
        batches.append(np.asarray(pixels, np.uint8).reshape(-1, _SIDE, _SIDE, 3))
    return _checked(np.concatenate(batches), numbers, labels)


def read_binary(files: Sequence[Path]) -> Pictures:
    """Binary batches: a label and 3,072 bytes of planes (RGB) for each picture.

    Raises:
        DataError: for a file that is not so.
    """
    rows = []
    for path in files:
        content = np.fromfile(path, np.uint8)
        if not len(content) or len(content) % (1 + _VALUES):
            raise DataError(f"{path}: not a whole binary batch of CIFAR-10; fetch it again")
        rows.append(content.reshape(-1, 1 + _VALUES))
    everything = np.concatenate(rows)
    return _checked(_from_planes(everything[:, 1:]), everything[:, 0].astype(np.int64), files[0])


def read_python(files: Sequence[Path]) -> Pictures:
    """Pickled batches: a mapping with `data`, uint8 [n, 3072] of planes (RGB), and `labels`.

    Raises:
        DataError: for a file that is not so, or that holds anything but arrays and lists.
    """
    planes, numbers = [], []
    for path in files:
        try:
            with path.open("rb") as file:
                batch = _Unpickler(file, encoding="bytes").load()
            planes.append(np.asarray(batch[b"data"], np.uint8).reshape(-1, _VALUES))
            numbers.append(np.asarray(batch[b"labels"], np.int64))
        except Exception as error:  # a pickle can be broken in any way
            raise DataError(
                f"{path}: not a whole batch of CIFAR-10 for Python "
                f"({type(error).__name__}: {error}); fetch it again"
            ) from error
    return _checked(_from_planes(np.concatenate(planes)), np.concatenate(numbers), files[0])


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _HARMLESS:
            raise pickle.UnpicklingError(f"holds {module}.{name}, which batches do not need")
        return _HARMLESS[module, name]


def _json_numbers(path: Path) -> NDArray[np.int64]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not JSON that can be read ({error}); fetch it again") from error
    if not isinstance(content, list) or not all(type(number) is int for number in content):
        raise DataError(f"{path}: must be a list of class numbers")
    return np.array(content, np.int64)


def _from_planes(planes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rgb = planes.reshape(-1, 3, _SIDE, _SIDE)
    return np.ascontiguousarray(rgb[:, ::-1].transpose(0, 2, 3, 1))


def _checked(images: NDArray[np.uint8], numbers: NDArray[np.int64], labels: Path) -> Pictures:
    if len(images) != len(numbers):
        raise DataError(
            f"{labels}: {len(numbers)} labels for {len(images)} pictures; fetch the files again"
        )
    wrong = numbers[(numbers < 0) | (numbers > 9)]
    if len(wrong):
        raise DataError(f"{labels}: label {wrong[0]} is not one of CIFAR-10's, which are 0 to 9")
    return Pictures(images, numbers)
