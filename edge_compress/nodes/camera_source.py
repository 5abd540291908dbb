"""Frames of a video file or an image folder, in order."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_compress.bags.path import is_bag
from edge_compress.errors import EdgeCompressError
from edge_compress.nodes.camera_frames import CameraFrame, FrameFormat, make_frames

IMAGE_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
_FOLDER_RATE = 10.0


class SourceError(EdgeCompressError):
    """There is nothing to play."""


class Source(Protocol):
    """What a camera plays.

    Attributes:
        rate: frames per second, 0 when each frame says when it was recorded.
        skipped: frames that could not be read.
        fault: why there is less of it than there was, when its end has been reached; else empty.
    """

    rate: float
    skipped: int
    fault: str

    def frames(self, wanted: FrameFormat) -> Iterator[CameraFrame]:
        """Yield messages in the form that is wanted; for ever when it begins again at the end."""
        ...

    def close(self) -> None:
        """Close it, once nothing reads it any more."""
        ...


def open_source(path: Path, topic: str, *, loop: bool, on_skip: Callable[[str], None]) -> Source:
    """Open a video, a folder of images or a bag.

    Args:
        path: file or folder.
        topic: of a bag; empty for its only one with images.
        loop: begin again at the end.
        on_skip: told of each image that cannot be read.

    Raises:
        SourceError: there is nothing that can be played.
        BagError: the bag cannot be read, or there is no such topic.
    """
    if not is_bag(path):
        if topic:
            raise SourceError(f"{path}: `topic` is for bags, and this is none")
        return CameraSource(path, loop=loop, on_skip=on_skip)
    try:
        from edge_compress.nodes.camera_bag import BagSource
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("edge_compress"):
            raise
        raise SourceError(
            f"{path}: to read a bag, install what is missing here ({error.name}): "
            "pip install rosbags"
        ) from error
    return BagSource(path, topic, loop=loop, on_skip=on_skip)


class CameraSource:
    """A video file or a folder of images, checked on opening.

    Attributes:
        rate: frames per second of the video, or 10 where nothing says it.
        skipped: images of the folder that could not be read.
        fault: nothing, for what there is is all there was.
    """

    fault = ""

    def __init__(self, path: Path, *, loop: bool, on_skip: Callable[[str], None]) -> None:
        """Open the source and read its first frame.

        Args:
            path: video file or folder.
            loop: begin again at the end.
            on_skip: told of each image that cannot be read.

        Raises:
            SourceError: no such path, no images, or no frame that can be read.
        """
        if not path.exists():
            raise SourceError(f"{path}: no such file or folder")
        self.rate = _FOLDER_RATE
        self.skipped = 0
        self._path = path
        self._loop = loop
        self._on_skip = on_skip
        if path.is_dir():
            self._images = _images_in(path)
            if not self._images:
                raise SourceError(f"{path}: no images in this folder ({', '.join(IMAGE_SUFFIXES)})")
        else:
            self._images = []
        if next(self._once(), None) is None:
            raise SourceError(f"{path}: {self._nothing()}")
        self.skipped = 0

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        """Yield frames, uint8 [height, width, 3] BGR; for ever where `loop` is set.

        Raises:
            SourceError: not one frame can be read any more.
        """
        while True:
            played = False
            for image in self._once():
                played = True
                yield image
            if not played:
                raise SourceError(self._nothing())
            if not self._loop:
                return

    def frames(self, wanted: FrameFormat) -> Iterator[CameraFrame]:
        """Yield messages in the form that is wanted."""
        return make_frames(self, wanted)

    def close(self) -> None:
        """Nothing is open between two frames."""

    def _once(self) -> Iterator[NDArray[np.uint8]]:
        yield from self._folder() if self._images else self._video()

    def _folder(self) -> Iterator[NDArray[np.uint8]]:
        for path in self._images:
            # Not imread: it takes no path that is not of the locale's encoding, and logs by itself.
            try:
                data = np.frombuffer(path.read_bytes(), np.uint8)
            except OSError as error:  # gone since, a link to nowhere, a folder, not ours to read
                self._skip(f"{path}: {error.strerror}")
                continue
            image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
            if image is None:
                self._skip(f"{path}: cannot be read as an image")
            else:
                yield image.astype(np.uint8, copy=False)

    def _skip(self, why: str) -> None:
        self.skipped += 1
        self._on_skip(why)

    def _nothing(self) -> str:
        return f"{'none of its images' if self._images else 'no frame'} can be read"

    def _video(self) -> Iterator[NDArray[np.uint8]]:
        video = cv2.VideoCapture(str(self._path))
        try:
            if not video.isOpened():
                raise SourceError(f"{self._path}: not a video that OpenCV can read")
            rate = video.get(cv2.CAP_PROP_FPS)
            if math.isfinite(rate) and 0 < rate <= 1000:
                self.rate = rate
            while True:
                read, image = video.read()
                if not read:
                    return
                yield image.astype(np.uint8, copy=False)
        finally:
            video.release()


def _images_in(folder: Path) -> list[Path]:
    try:
        return sorted(p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES)
    except OSError as error:
        raise SourceError(f"{folder}: cannot be listed: {error.strerror}") from error
