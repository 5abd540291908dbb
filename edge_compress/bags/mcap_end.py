"""Gives an .mcap file that has been cut off an end.

A recorder that is killed leaves a file without summary and footer, perhaps with half a record at
its end, or with zeros where the disk had not been written to. With an empty footer behind its last
whole record it is a valid file without a summary. Format: https://mcap.dev/spec.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from rosbags.rosbag2.storage_mcap import decompress

_MAGIC = b"\x89MCAP0\r\n"
_HEADER, _FOOTER, _CHUNK, _DATA_END = 0x01, 0x02, 0x06, 0x0F
_PREFIX = struct.Struct("<BQ")  # of each record: what it is, and how many bytes follow
_TIMES = struct.Struct("<QQQI")  # of a chunk: first and last time, size and CRC of its records
_END = _PREFIX.pack(_FOOTER, 20) + bytes(20) + _MAGIC
_BUFFER = 1 << 20


def whole_bytes(path: Path) -> int:
    """Return how long a file is up to the end of its last whole record; 0 if it has none."""
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            return 0
        records = list(_records(file, path.stat().st_size))
        # What was not yet on the disk lies at the end; so only the last chunks are read for it.
        while records and records[-1][0] == _CHUNK and not _is_whole(file, *records[-1][1:]):
            records.pop()
    return records[-1][2] if records and records[0][0] == _HEADER else 0


def _records(file: BinaryIO, size: int) -> Iterator[tuple[int, int, int]]:
    """Yield kind, first byte of the content, and end of each record that the file is long for."""
    start = file.tell()
    while start + _PREFIX.size <= size:
        file.seek(start)
        kind, length = _PREFIX.unpack(file.read(_PREFIX.size))
        content = start + _PREFIX.size
        start = content + length
        if start > size or not _HEADER <= kind < _DATA_END or kind == _FOOTER:
            return
        yield kind, content, start


def _is_whole(file: BinaryIO, content: int, end: int) -> bool:
    """Whether what a chunk holds can be unpacked."""
    file.seek(content)
    data = file.read(end - content)
    try:
        _, _, size, crc = _TIMES.unpack_from(data)
        (length,) = struct.unpack_from("<I", data, _TIMES.size)
        name_end = _TIMES.size + 4 + length
        compression = data[name_end - length : name_end].decode()
        packed = data[name_end + 8 :]
        raw = decompress(packed, compression, size, crc)
        # Not all recorders write checksums; zeros are no records.
        ends = [end for _, _, end in _records(io.BytesIO(raw), size)]
        return ends[-1:] == [size]
    except Exception:  # noqa: BLE001 - each unpacker has errors of its own, and all mean no
        return False


class Mended:
    """As much of a path as rosbags asks for; what it opens ends as a whole file does."""

    def __init__(self, path: Path, whole: int) -> None:
        """Mend a file.

        Args:
            path: of the file, which stays as it is.
            whole: how many of its bytes count.
        """
        self._path = path
        self._whole = whole
        self.suffix = path.suffix

    def __str__(self) -> str:
        return str(self._path)

    def exists(self) -> bool:
        """Whether it is there."""
        return True

    def is_dir(self) -> bool:
        """Whether it is a folder."""
        return False

    def open(self, mode: str = "rb") -> BinaryIO:
        """Open it for reading."""
        file = _MendedFile(self._path.open("rb"), self._whole)
        return cast(BinaryIO, io.BufferedReader(file, _BUFFER))


class _MendedFile(io.RawIOBase):
    """The first bytes of a file, and then an end."""

    def __init__(self, file: BinaryIO, whole: int) -> None:
        self._file = file
        self._whole = whole
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._whole + len(_END)}
        self._at = base[whence] + offset
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        size = len(buffer)
        if self._at < self._whole:
            self._file.seek(self._at)
            data = self._file.read(min(size, self._whole - self._at))
        else:
            start = self._at - self._whole
            data = _END[start : start + size]
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()
