"""Where frames are decoded from: a video file or a folder of images."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_compress.errors import EdgeCompressError
from edge_compress.vision.compressed import decode_jpeg
from edge_compress.vision.encodings import EncodingError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm"})
SKIP_AHEAD = 64  # frames; further than this a seek is cheaper than decoding through


class FootageError(EdgeCompressError):
    """The footage cannot be used; the message names the file."""


class Unreadable(Exception):
    """One image of a folder cannot be decoded; the others can still be used."""


class FrameSource(ABC):
    """Frames by number.

    Attributes:
        note: what a person should know of them; empty when there is nothing.
    """

    note = ""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def read(self, index: int) -> NDArray[np.uint8]:
        """Frame `index` as uint8 [height, width, 3] in BGR."""

    def label(self, index: int) -> str:
        """What a person calls this frame."""
        return f"frame {index}"


class ImageFiles(FrameSource):
    """Images by their paths.

    Args:
        files: of the images, in order.
        root: a folder above all of them, which their names are told from.
    """

    def __init__(self, files: Sequence[Path], root: Path) -> None:
        self._files = files
        self._root = root

    def __len__(self) -> int:
        return len(self._files)

    def read(self, index: int) -> NDArray[np.uint8]:
        """Decode one image.

        Raises:
            Unreadable: when it is damaged.
        """
        file = self._files[index]
        try:
            data = file.read_bytes()
            if file.suffix.lower() in {".jpg", ".jpeg"}:
                return decode_jpeg(data)  # OpenCV alone fills what is missing with grey
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        except (OSError, EncodingError, cv2.error) as error:
            raise Unreadable(f"{self.label(index)} ({error})") from error
        if image is None:
            raise Unreadable(f"{self.label(index)} (not a readable image)")
        return np.asarray(image, np.uint8)

    def label(self, index: int) -> str:
        """Path within the folder."""
        file = self._files[index]
        return str(file.relative_to(self._root) if file.is_relative_to(self._root) else file)


class ImageFolder(ImageFiles):
    """The images of a folder and its sub-folders, in the order of their paths."""

    def __init__(self, path: Path) -> None:
        files = images_in(path)
        if not files:
            raise FootageError(
                f"{path}: `data.frames`: the folder has no images ({', '.join(sorted(SUFFIXES))})"
            )
        super().__init__(files, path)


def images_in(folder: Path) -> list[Path]:
    """The images of a folder and its sub-folders, in the order of their paths."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)


class Video(FrameSource):
    """The frames of a video file, decoded in sequence as long as they are asked for in order."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._capture = cv2.VideoCapture(str(path))
        if not path.is_file() or not self._capture.isOpened():
            raise FootageError(
                f"{path}: `data.frames`: not a video that OpenCV can read; "
                "convert it, for example: ffmpeg -i IN -c:v libx264 OUT.mp4"
            )
        self._next = 0
        self._count = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        if self._count <= 0:  # some containers do not say
            self._count = self._counted()
        if self._count == 0:
            raise FootageError(f"{path}: `data.frames`: the video has no frame")

    def __len__(self) -> int:
        return self._count

    def read(self, index: int) -> NDArray[np.uint8]:
        """Decode one frame.

        Raises:
            FootageError: when the video is damaged there, or ends before it.
        """
        if not self._next <= index <= self._next + SKIP_AHEAD:
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, index)
            self._next = index
        while self._next < index and self._capture.grab():
            self._next += 1
        done, image = self._capture.read()
        if not done or self._next != index:
            raise FootageError(
                f"{self._path}: frame {index} of {self._count} cannot be decoded; the video is "
                "damaged or shorter than it says: choose frames before it in `data`"
            )
        self._next += 1
        return np.asarray(image, np.uint8)

    def _counted(self) -> int:
        count = 0
        while self._capture.grab():
            count += 1
        self._capture.open(str(self._path))
        return count
