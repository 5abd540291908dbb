"""An asset is what its hash says, wherever it came from, or there is none."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge_compress.assets.asset import Asset, Collection, Source
from edge_compress.assets.cache import CACHE_VARIABLE, fetch
from edge_compress.assets.errors import AssetError, SourceError

CONTENT = b"weights"


@dataclass
class Local:
    """A source that does what a test asks of it, and counts how often it was asked."""

    act: Callable[[Path], None]
    name: str = "local"
    asked: list[Path] = field(default_factory=list)

    def __str__(self) -> str:
        return self.name

    def download(self, folder: Path) -> Path:
        self.asked.append(folder)
        target = folder / "part"
        self.act(target)
        return target


def gives(content: bytes, name: str = "good") -> Local:
    return Local(lambda target: target.write_bytes(content) and None, name)


def refuses(target: Path) -> None:
    raise SourceError("the server said no")


def make(*sources: Source) -> dict[str, Asset]:
    digest = hashlib.sha256(CONTENT).hexdigest()
    return {"model": Asset(name="model", sha256=digest, about="a test", sources=sources)}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def left_in(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir() if not path.name.endswith(".lock"))


def test_a_fetched_asset_lies_in_the_cache_folder(cache: Path) -> None:
    assert fetch("model", assets=make(gives(CONTENT))) == cache / "model"
    assert (cache / "model").read_bytes() == CONTENT
    assert left_in(cache) == ["model"]


def test_a_second_fetch_asks_no_source() -> None:
    source = gives(CONTENT)
    fetch("model", assets=make(source))
    fetch("model", assets=make(source))
    assert len(source.asked) == 1


def test_the_sources_are_tried_in_order_and_the_rest_are_left_alone() -> None:
    first, second, third = Local(refuses), gives(CONTENT), gives(CONTENT)
    fetch("model", assets=make(first, second, third))
    assert [len(source.asked) for source in (first, second, third)] == [1, 1, 0]


def test_a_source_with_another_file_is_passed_over(cache: Path) -> None:
    assert fetch("model", assets=make(gives(b"forged"), gives(CONTENT))).read_bytes() == CONTENT
    assert left_in(cache) == ["model"]


def test_a_file_that_was_damaged_in_the_cache_is_fetched_again() -> None:
    assets = make(gives(CONTENT))
    path = fetch("model", assets=assets)
    path.write_bytes(b"weightz")
    assert fetch("model", assets=assets).read_bytes() == CONTENT


def test_when_no_source_answers_the_error_tells_what_each_said(cache: Path) -> None:
    assets = make(Local(refuses, "the mirror"), gives(b"forged", "the release page"))
    with pytest.raises(AssetError) as error:
        fetch("model", assets=assets)
    message = str(error.value)
    assert "Cannot get `model`" in message
    assert "the mirror: the server said no" in message
    assert "the release page: gave another file" in message
    assert str(cache / "model") in message
    assert left_in(cache) == []


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(AssetError, match=r"`nonsense`.*model"):
        fetch("nonsense", assets=make())


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_an_interrupted_download_leaves_nothing(
    cache: Path, error: BaseException | type[BaseException]
) -> None:
    def stop_halfway(target: Path) -> None:
        target.write_bytes(CONTENT[:3])
        raise error

    with pytest.raises((KeyboardInterrupt, AssetError)):
        fetch("model", assets=make(Local(stop_halfway)))
    assert left_in(cache) == []


def test_a_cache_that_cannot_be_made_is_a_clear_error(cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    with pytest.raises(AssetError, match=CACHE_VARIABLE):
        fetch("model", assets=make(gives(CONTENT)))


def collection(**sources: Source) -> dict[str, Collection]:
    digest = hashlib.sha256(CONTENT).hexdigest()
    files = [Asset(name, digest, "a test", (source,)) for name, source in sources.items()]
    return {"data": Collection("data", "a test", tuple(files))}


def test_a_collection_is_a_folder_with_all_its_files(cache: Path) -> None:
    assets = collection(images=gives(CONTENT), labels=gives(CONTENT))
    assert fetch("data", assets=assets) == cache / "data"
    assert left_in(cache) == ["data"]
    assert left_in(cache / "data") == ["images", "labels"]


def test_only_the_damaged_file_of_a_collection_is_fetched_again() -> None:
    images, labels = gives(CONTENT), gives(CONTENT)
    assets = collection(images=images, labels=labels)
    (fetch("data", assets=assets) / "labels").write_bytes(b"weightz")
    assert (fetch("data", assets=assets) / "labels").read_bytes() == CONTENT
    assert (len(images.asked), len(labels.asked)) == (1, 2)


def test_the_files_of_a_collection_share_what_was_downloaded() -> None:
    images, labels = gives(CONTENT), gives(CONTENT)
    fetch("data", assets=collection(images=images, labels=labels))
    assert images.asked == labels.asked


def test_a_collection_that_misses_a_file_is_an_error_that_names_it(cache: Path) -> None:
    assets = collection(images=gives(CONTENT), labels=gives(b"forged"))
    with pytest.raises(AssetError, match=r"(?s)`labels`.*gave another file"):
        fetch("data", assets=assets)
    with pytest.raises(AssetError, match="`labels`"):
        fetch("data", assets=assets)
    assert left_in(cache / "data") == ["images"]


def test_callers_at_the_same_time_download_once() -> None:
    started = threading.Barrier(4)
    source = gives(CONTENT)
    assets = make(source)

    def call() -> bytes:
        started.wait()
        return fetch("model", assets=assets).read_bytes()

    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(call) for _ in range(4)]
        assert [each.result() for each in calls] == [CONTENT] * 4
    assert len(source.asked) == 1
