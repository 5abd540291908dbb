"""Each kind of source gives one file, or says in a line why not. No network is needed."""

from __future__ import annotations

import http.server
import os
import shutil
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from edge_compress.assets.errors import SourceError
from edge_compress.assets.registry import ASSETS
from edge_compress.assets.sources.debian import DebianSource
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


@pytest.mark.parametrize("asset", ASSETS.values(), ids=ASSETS)
def test_every_known_asset_has_more_than_one_source(asset) -> None:
    assert len(asset.sources) > 1
    assert len(bytes.fromhex(asset.sha256)) == 32
