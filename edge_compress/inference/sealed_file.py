"""A file of an opened bundle: what was verified is what is loaded, however much later."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from edge_compress.bundle.errors import BundleError
from edge_compress.bundle.reader import Bundle
from edge_compress.bundle.schema import BundledFile
from edge_compress.inference.session import ModelError


@dataclass(frozen=True)
class SealedFile:
    """A file that is read when it is needed, and taken only with the content that was verified.

    A bundle is opened long before some of its models: a provider may fail in flight. Whoever loaded
    such a model by its path would load whatever lies there by then.

    Attributes:
        bundle: an opened bundle.
        part: one of its files.
    """

    bundle: Bundle
    part: BundledFile

    @property
    def name(self) -> str:
        """The file's name, without its folder."""
        return self.part.file

    def __str__(self) -> str:
        return str(self.bundle.path / self.part.file)

    def read_bytes(self) -> bytes:
        """Return the content.

        Raises:
            ModelError: the file is gone, or another than when the bundle was opened.
        """
        try:
            return self.bundle.read(self.part)
        except BundleError as error:
            raise ModelError(str(error)) from error

    @contextmanager
    def in_memory(self) -> Iterator[str | bytes]:
        """Give the path of a copy in memory, which nobody else can write, for as long as it lasts.

        ONNX Runtime lets other threads of Python run while it loads a file, but not while it loads
        bytes: frames would wait for 1.5 ms a megabyte. Where there can be no such copy (a limit on
        files, a sandbox, no /proc) the bytes are given.

        Raises:
            ModelError: the file is gone, or another than when the bundle was opened.
        """
        content = self.read_bytes()
        source: str | bytes = content
        with ExitStack() as stack:
            with suppress(OSError):
                handle = os.memfd_create("model")
                stack.callback(os.close, handle)
                with os.fdopen(handle, "wb", closefd=False) as file:
                    file.write(content)
                path = Path(f"/proc/self/fd/{handle}")
                if path.exists():
                    source = str(path)
            del content
            yield source


# What a session may be made of.
ModelSource: TypeAlias = Path | SealedFile
