"""Get an asset from the cache, or from the first source that gives the right file."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pooch

from edge_compress.assets.asset import Asset, Collection
from edge_compress.assets.errors import AssetError, SourceError
from edge_compress.assets.registry import ASSETS

CACHE_VARIABLE = "EDGE_COMPRESS_CACHE"


def fetch(name: str, *, assets: Mapping[str, Asset | Collection] = ASSETS) -> Path:
    """Return the path of an asset, which has the right content.

    The hash is checked at each call. Several processes may call this at once: one downloads, the
    others wait for it.

    Args:
        name: a key of `assets`.
        assets: what is known; by default everything in the registry.

    Returns:
        The file; for a collection the folder that holds its files.

    Raises:
        AssetError: the name is unknown, the cache cannot be written, or no source has the file.
    """
    if name not in assets:
        raise AssetError(f"No asset is named `{name}`. There are: {', '.join(sorted(assets))}")
    asset = assets[name]
    target = cache_folder() / name
    single = isinstance(asset, Asset)
    files = (asset,) if isinstance(asset, Asset) else asset.files
    folder = target.parent if single else target
    if not _missing(folder, files):
        return target
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _lock(target):
            # Another process may have been faster.
            _download(_missing(folder, files), folder, name)
    except OSError as error:
        raise AssetError(
            f"Cannot store `{name}` in {folder}: {error}. "
            f"Set {CACHE_VARIABLE} to a folder that can be written"
        ) from error
    return target


def cache_folder() -> Path:
    """Return where assets are kept: $EDGE_COMPRESS_CACHE, or the user's own cache folder."""
    return Path(os.environ.get(CACHE_VARIABLE) or pooch.os_cache("edge_compress"))


def _download(files: Sequence[Asset], folder: Path, name: str) -> None:
    if not files:
        return
    # Beside the target, so that the move at the end is atomic; removed whatever happens.
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=cache_folder()) as downloads:
        for file in files:
            _obtain(file, Path(downloads), folder / file.name)


def _obtain(asset: Asset, downloads: Path, target: Path) -> None:
    answers = []
    for source in asset.sources:
        try:
            found = source.download(downloads)
        except SourceError as error:
            answers.append(f"{source}: {error}")
            continue
        digest = _sha256(found)
        if digest == asset.sha256:
            found.replace(target)
            return
        answers.append(f"{source}: gave another file (sha256 {digest})")
    lines = "".join(f"\n  - {answer}" for answer in answers)
    raise AssetError(
        f"Cannot get `{asset.name}` (sha256 {asset.sha256}). What each source answered:{lines}\n"
        f"Put the file at {target} yourself, or try again with a network"
    )


def _missing(folder: Path, files: Sequence[Asset]) -> list[Asset]:
    return [file for file in files if not _is_intact(folder / file.name, file)]


def _is_intact(path: Path, asset: Asset) -> bool:
    return path.is_file() and _sha256(path) == asset.sha256


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def _lock(target: Path) -> Iterator[None]:
    with target.with_name(f".{target.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # released when the file is closed, or the process dies
        yield
