"""A file behind a URL."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pooch
import requests

from edge_compress.assets.errors import SourceError
from edge_compress.assets.sources.place import place_for

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 30.0


@dataclass(frozen=True)
class UrlSource:
    """A file that an HTTP server gives."""

    url: str

    def __str__(self) -> str:
        """Name the URL."""
        return self.url

    def download(self, folder: Path) -> Path:
        """Download with a limit on silence, not on the whole: a slow line is still a line.

        Raises:
            SourceError: no connection, a time-out, or an HTTP error.
        """
        target = place_for(folder, self.url) / "download"
        load = pooch.HTTPDownloader(chunk_size=1 << 16, timeout=(CONNECT_SECONDS, SILENCE_SECONDS))
        try:
            load(self.url, str(target), None)
        except requests.ConnectionError as error:
            raise SourceError("cannot be reached") from error
        except requests.RequestException as error:
            raise SourceError(str(error).splitlines()[0]) from error
        return target
