"""Each kind of source gives one file, or says in a line why not. No network is needed."""

from __future__ import annotations

import gzip
import http.server
import io
import os
import shutil
import subprocess
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from edge_compress.assets.asset import Asset
from edge_compress.assets.errors import SourceError
from edge_compress.assets.registry import ASSETS
from edge_compress.assets.sources.debian import DebianSource
from edge_compress.assets.sources.npm import NpmSource
from edge_compress.assets.sources.unpacked import Gunzipped, Unzipped
from edge_compress.assets.sources.url import UrlSource
from edge_compress.assets.sources.wheel import WheelSource


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Serve tmp_path/www on this machine."""
    root = tmp_path / "www"
    root.mkdir()
    (root / "file.bin").write_bytes(b"content")
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_address[1]}"
        httpd.shutdown()


def test_a_url_gives_its_file(server: str, tmp_path: Path) -> None:
    assert UrlSource(f"{server}/file.bin").download(tmp_path).read_bytes() == b"content"


def test_a_url_that_is_not_there_is_named_with_the_status(server: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="404"):
        UrlSource(f"{server}/nothing").download(tmp_path)


def test_a_host_that_does_not_answer_is_said_to_be_out_of_reach(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be reached"):
        UrlSource("http://127.0.0.1:9/file").download(tmp_path)


def test_a_compressed_file_is_unpacked(server: str, tmp_path: Path) -> None:
    (tmp_path / "www" / "file.gz").write_bytes(gzip.compress(b"content"))
    source = Gunzipped(UrlSource(f"{server}/file.gz"))
    assert source.download(tmp_path).read_bytes() == b"content"


@pytest.mark.parametrize(
    "content", [b"content", gzip.compress(b"content")[:-9]], ids=["no gzip", "cut short"]
)
def test_a_file_that_is_no_whole_gzip_file_says_so(
    server: str, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "www" / "file.gz").write_bytes(content)
    with pytest.raises(SourceError, match="no whole gzip file"):
        Gunzipped(UrlSource(f"{server}/file.gz")).download(tmp_path)


def test_a_file_comes_out_of_a_zip(server: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "www" / "file.zip", "w") as archive:
        archive.writestr("inner/model.h5", b"content")
    source = UrlSource(f"{server}/file.zip")
    assert Unzipped(source, "inner/model.h5").download(tmp_path).read_bytes() == b"content"
    with pytest.raises(SourceError, match="no .zip with the file"):
        Unzipped(source, "model.h5").download(tmp_path)
    with pytest.raises(SourceError, match="no .zip with the file"):
        Unzipped(UrlSource(f"{server}/file.bin"), "model.h5").download(tmp_path)


def tarball(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put an npm in the PATH that packs sample@1.0 once, and only once."""
    packed = tmp_path / "packed.tgz"
    packed.write_bytes(tarball(one=b"first", two=b"second"))
    programs = tmp_path / "bin"
    programs.mkdir()
    script = programs / "npm"
    script.write_text(
        f'#!/bin/sh\ncase "$*" in\n*sample@1.0) mv {packed} sample-1.0.tgz ;;\n'
        '*) echo "npm error 404 not in this registry"; exit 1 ;;\nesac\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    return tmp_path


def test_an_npm_package_gives_its_files_and_is_downloaded_once(npm: Path) -> None:
    target = npm / "target"
    first = NpmSource("sample@1.0", "package/one").download(target).read_bytes()
    second = NpmSource("sample@1.0", "package/two").download(target).read_bytes()
    assert (first, second) == (b"first", b"second")


def test_an_npm_package_without_the_file_says_so(npm: Path) -> None:
    with pytest.raises(SourceError, match="does not hold the file"):
        NpmSource("sample@1.0", "package/three").download(npm)


def test_an_unknown_npm_package_is_answered_with_what_npm_and_the_registry_said(npm: Path) -> None:
    with pytest.raises(SourceError, match=r"404 not in this registry.*cannot be reached"):
        NpmSource("other@1.0", "package/one").download(npm)


@pytest.mark.parametrize("told_by", ["environment", "npmrc"])
def test_without_npm_the_registry_that_is_set_for_it_is_asked(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told_by: str
) -> None:
    place = tmp_path / "www" / "@scope" / "sample" / "-"
    place.mkdir(parents=True)
    (place / "sample-1.0.tgz").write_bytes(tarball(one=b"first"))
    for variable in ("npm_config_registry", "NPM_CONFIG_REGISTRY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    if told_by == "npmrc":
        (tmp_path / ".npmrc").write_text(f"fund=false\nregistry = {server}/\n")
    else:
        monkeypatch.setenv("NPM_CONFIG_REGISTRY", server)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = NpmSource("@scope/sample@1.0", "package/one").download(tmp_path / "target")
    assert found.read_bytes() == b"first"


def test_a_registry_that_gives_no_tarball_is_told(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "www" / "sample" / "-"
    place.mkdir(parents=True)
    (place / "sample-1.0.tgz").write_bytes(tarball(one=b"first")[:40])
    monkeypatch.setenv("npm_config_registry", server)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match="no whole tarball"):
        NpmSource("sample@1.0", "package/one").download(tmp_path / "target")


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Offer a wheel to pip from a folder, in place of an index."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    with zipfile.ZipFile(folder / "sample-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("sample/data.bin", b"content")
        wheel.writestr(
            "sample-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: sample\nVersion: 1.0\n"
        )
        wheel.writestr("sample-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    target = tmp_path / "target"
    target.mkdir()
    return target


def test_a_wheel_gives_one_of_its_files(wheels: Path) -> None:
    found = WheelSource("sample==1.0", "sample/data.bin").download(wheels)
    assert found.read_bytes() == b"content"


def test_a_wheel_without_the_file_says_so(wheels: Path) -> None:
    with pytest.raises(SourceError, match="does not hold the file"):
        WheelSource("sample==1.0", "sample/other.bin").download(wheels)


def test_a_wheel_for_another_interpreter_and_system_can_be_asked_for(wheels: Path) -> None:
    folder = wheels.parent / "wheels"
    (folder / "sample-1.0-py3-none-any.whl").rename(folder / "sample-1.0-cp37-cp37m-win32.whl")
    with pytest.raises(SourceError, match="sample"):
        WheelSource("sample==1.0", "sample/data.bin").download(wheels)
    found = WheelSource("sample==1.0", "sample/data.bin", ("3.7", "win32")).download(wheels)
    assert found.read_bytes() == b"content"


def test_a_wheel_that_no_index_has_is_answered_with_what_pip_said(wheels: Path) -> None:
    with pytest.raises(SourceError, match=r"sample==2\.0"):
        WheelSource("sample==2.0", "sample/data.bin").download(wheels)


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put an apt-get in the PATH that downloads a real .deb, but only after an update."""
    if shutil.which("dpkg-deb") is None:
        pytest.skip("needs dpkg-deb")
    tree = tmp_path / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(
        "Package: sample\nVersion: 1\nArchitecture: all\nMaintainer: a <a@example.com>\n"
        "Description: sample\n"
    )
    (tree / "usr" / "share").mkdir(parents=True)
    (tree / "usr" / "share" / "data.bin").write_bytes(b"content")
    package = tmp_path / "sample_1_all.deb"
    subprocess.run(["dpkg-deb", "--build", tree, package], check=True, capture_output=True)
    programs = tmp_path / "bin"
    programs.mkdir()
    script = programs / "apt-get"
    updated = tmp_path / "updated"
    script.write_text(
        f'#!/bin/sh\ncase "$*" in\n*update) touch {updated} ;;\n'
        f"*'download sample') test -e {updated} || exit 100; cp {package} . ;;\n"
        '*) echo "E: Unable to locate package"; exit 100 ;;\nesac\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    target = tmp_path / "target"
    target.mkdir()
    return target


def test_a_debian_package_gives_one_of_its_files_even_without_lists(apt: Path) -> None:
    found = DebianSource("sample", "usr/share/data.bin").download(apt)
    assert found.read_bytes() == b"content"


def test_a_debian_package_without_the_file_says_so(apt: Path) -> None:
    with pytest.raises(SourceError, match="does not hold the file"):
        DebianSource("sample", "usr/share/other.bin").download(apt)


def test_an_unknown_debian_package_is_answered_with_what_apt_said(apt: Path) -> None:
    with pytest.raises(SourceError, match="Unable to locate package"):
        DebianSource("other", "usr/share/data.bin").download(apt)


def test_a_machine_without_apt_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match="needs the program apt-get"):
        DebianSource("sample", "usr/share/data.bin").download(tmp_path)


def known_files() -> list[Asset]:
    return [
        file
        for asset in ASSETS.values()
        for file in ((asset,) if isinstance(asset, Asset) else asset.files)
    ]


@pytest.mark.parametrize("asset", known_files(), ids=lambda asset: asset.name)
def test_every_known_asset_has_more_than_one_source(asset: Asset) -> None:
    assert len(asset.sources) > 1
    assert len(bytes.fromhex(asset.sha256)) == 32
