"""A bundle is written whole, or not at all."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edge_compress.bundle.errors import BundleError
from edge_compress.bundle.reader import Bundle
from edge_compress.bundle.schema import (
    InputSpec,
    Manifest,
    Measurement,
    Provenance,
    Variant,
    YoloxHead,
)
from edge_compress.bundle.writer import BundleWriter


def manifest_for(sha256, name="small"):
    measured = Measurement(size_bytes=3, params=1, macs=1)
    return Manifest(
        name=name,
        task="detection",
        labels=("a",),
        input=InputSpec(height=8, width=8),
        head=YoloxHead(),
        original=measured,
        variants=(
            Variant(
                file="model.onnx",
                profile="fp32",
                precision="fp32",
                sha256=sha256,
                measured=measured,
            ),
        ),
        provenance=Provenance(created="2026-01-01T00:00:00Z", model="x"),
    )


def write(path, model=b"abc", *, name="small", overwrite=False):
    with BundleWriter(path, overwrite=overwrite) as writer:
        return writer.finish(manifest_for(writer.add("model.onnx", model), name))


def left_in(folder):
    return sorted(entry.name for entry in folder.iterdir())


def test_files_come_from_paths_bytes_and_text(tmp_path):
    model = tmp_path / "model"
    model.write_bytes(b"abc" * 1_000_000)
    with BundleWriter(tmp_path / "a.bundle") as writer:
        sha256 = writer.add("model.onnx", model)
        writer.add("report.html", "<p>grün</p>")
        writer.add("raw.bin", b"\0\1")
        path = writer.finish(manifest_for(sha256))
    Bundle.open(path)
    assert (path / "report.html").read_bytes() == "<p>grün</p>".encode()
    assert (path / "raw.bin").read_bytes() == b"\0\1"
    assert (path / "model.onnx").read_bytes() == model.read_bytes()


def test_the_folders_above_are_made(tmp_path):
    Bundle.open(write(tmp_path / "new" / "deeper" / "a.bundle"))


def test_others_may_read_it(tmp_path):
    assert write(tmp_path / "a.bundle").stat().st_mode & 0o777 == 0o755


def test_nothing_is_there_before_the_end_and_nothing_after_a_failure(tmp_path):
    with pytest.raises(RuntimeError), BundleWriter(tmp_path / "a.bundle") as writer:
        writer.add("model.onnx", b"abc")
        assert not (tmp_path / "a.bundle").exists()
        raise RuntimeError("something else broke")
    assert left_in(tmp_path) == []


def test_leaving_without_finish_leaves_nothing(tmp_path):
    with BundleWriter(tmp_path / "a.bundle") as writer:
        writer.add("model.onnx", b"abc")
    assert left_in(tmp_path) == []


def test_a_bundle_that_is_there_is_not_replaced_by_chance(tmp_path):
    write(tmp_path / "a.bundle")
    with pytest.raises(BundleError, match=r"a\.bundle: exists already"):
        write(tmp_path / "a.bundle")
    assert left_in(tmp_path) == ["a.bundle"]


def test_overwrite_replaces_the_whole_bundle(tmp_path):
    write(tmp_path / "a.bundle", name="old")
    (tmp_path / "a.bundle" / "leftover").write_bytes(b"x")
    write(tmp_path / "a.bundle", name="new", overwrite=True)
    assert Bundle.open(tmp_path / "a.bundle").manifest.name == "new"
    assert left_in(tmp_path) == ["a.bundle"]


def test_the_old_bundle_stays_until_the_new_one_is_whole(tmp_path):
    path = write(tmp_path / "a.bundle", name="old")
    with pytest.raises(RuntimeError), BundleWriter(path, overwrite=True) as writer:
        writer.add("model.onnx", b"new")
        raise RuntimeError
    assert Bundle.open(path).manifest.name == "old"


def test_the_old_bundle_comes_back_when_the_new_one_cannot_take_its_place(tmp_path, monkeypatch):
    path = write(tmp_path / "a.bundle", name="old")
    rename = Path.rename

    # No file system here fails at just this moment, so the fault is put in by hand.
    def fails_for_the_new_one(self, target):
        if ".tmp-" in self.name:
            raise OSError(errno.EIO, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails_for_the_new_one)
    with pytest.raises(BundleError, match="cannot be moved into place: Input/output error"):
        write(path, name="new", overwrite=True)
    assert Bundle.open(path).manifest.name == "old"
    assert left_in(tmp_path) == ["a.bundle"]


@pytest.mark.parametrize("make", ["folder", "file", "link"])
def test_what_is_no_bundle_is_never_overwritten(tmp_path, make):
    path = tmp_path / "precious"
    (tmp_path / "elsewhere").mkdir()
    if make == "folder":
        path.mkdir()
        (path / "thesis.txt").write_text("years of work")
    elif make == "file":
        path.write_text("years of work")
    else:
        path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BundleError, match="not a bundle; it is left alone"):
        write(path, overwrite=True)
    assert left_in(tmp_path) == ["elsewhere", "precious"]


@pytest.mark.parametrize("name", ["../x", "/x", "a/b", "", ".", "..", "a\nb", "a\\b"])
def test_a_name_that_leads_out_is_refused(tmp_path, name):
    with (
        BundleWriter(tmp_path / "a.bundle") as writer,
        pytest.raises(BundleError, match="not a plain file name"),
    ):
        writer.add(name, b"x")


@pytest.mark.parametrize("name", ["manifest.json", "SHA256SUMS", "twice"])
def test_a_name_that_is_taken_is_refused(tmp_path, name):
    with BundleWriter(tmp_path / "a.bundle") as writer:
        writer.add("twice", b"x")
        with pytest.raises(BundleError, match=f"{name} is in the bundle already"):
            writer.add(name, b"y")


def test_a_source_that_is_missing_is_an_error(tmp_path):
    with (
        BundleWriter(tmp_path / "a.bundle") as writer,
        pytest.raises(BundleError, match=r"cannot write model\.onnx: .*No such file"),
    ):
        writer.add("model.onnx", tmp_path / "gone")


@pytest.mark.parametrize("sha256", ["0" * 64, None])
def test_a_manifest_of_other_files_is_refused(tmp_path, sha256):
    with (
        BundleWriter(tmp_path / "a.bundle") as writer,
        pytest.raises(BundleError, match=r"manifest's model\.onnx .* was not added"),
    ):
        if sha256:
            writer.add("model.onnx", b"abc")
        writer.finish(manifest_for(sha256 or "1" * 64))
    assert left_in(tmp_path) == []


def test_a_place_that_cannot_be_written_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BundleError, match="cannot write there"):
        BundleWriter(tmp_path / "file" / "a.bundle")


# ---- a disk that fills ----


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 1 MiB where we may mount one; else None."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    yield folder if mounted else None
    if mounted:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_leaves_nothing_behind(small_disk):
    if small_disk is None:
        pytest.skip("no right to mount a small tmpfs; the size limit below is tested instead")
    write(small_disk / "old.bundle", name="old")
    with pytest.raises(BundleError, match="No space left on device"):
        write(small_disk / "a.bundle", b"x" * 2_000_000)
    with pytest.raises(BundleError, match="No space left on device"):
        write(small_disk / "old.bundle", b"x" * 2_000_000, overwrite=True)
    assert left_in(small_disk) == ["old.bundle"]
    assert Bundle.open(small_disk / "old.bundle").manifest.name == "old"
    # The room is free again.
    write(small_disk / "b.bundle", b"x" * 700_000)


def test_a_disk_that_fills_with_the_last_file_leaves_nothing_behind(small_disk):
    if small_disk is None:
        pytest.skip("no right to mount a small tmpfs")
    # The model takes all pages but one: the manifest or its sums find none.
    with pytest.raises(BundleError, match=r"(manifest\.json|SHA256SUMS): No space left"):
        write(small_disk / "a.bundle", b"x" * (1024 * 1024 - 4096))
    assert left_in(small_disk) == []


def test_a_size_limit_leaves_nothing_behind(tmp_path):
    program = f"""
import resource, signal
from pathlib import Path
from edge_compress.bundle.errors import BundleError
from edge_compress.bundle.writer import BundleWriter
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
try:
    with BundleWriter(Path({str(tmp_path)!r}) / "a.bundle") as writer:
        writer.add("model.onnx", b"x" * 1_000_000)
except BundleError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert re.search(r"cannot write model\.onnx: File too large", done.stdout)
    assert left_in(tmp_path) == []


# ---- a run that is killed ----

_HANGING = """
import sys, time
from pathlib import Path
from edge_compress.bundle.writer import BundleWriter
with BundleWriter(Path(sys.argv[1])) as writer:
    writer.add("model.onnx", b"x" * 1000)
    print("written", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def hanging_writer(tmp_path):
    """A process that has written a model into a bundle and has not finished."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HANGING, str(tmp_path / "a.bundle")], stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"written\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_killed_run_leaves_no_bundle_and_the_next_one_cleans_up(tmp_path, hanging_writer):
    hanging_writer.send_signal(signal.SIGKILL)
    hanging_writer.wait()
    assert not (tmp_path / "a.bundle").exists()
    write(tmp_path / "a.bundle")
    assert left_in(tmp_path) == ["a.bundle"]


def test_a_writer_that_is_still_at_work_is_left_alone(tmp_path, hanging_writer):
    write(tmp_path / "a.bundle")
    assert len(left_in(tmp_path)) == 2
    assert hanging_writer.poll() is None


def test_a_terminated_run_cleans_up_itself(tmp_path, hanging_writer):
    hanging_writer.send_signal(signal.SIGINT)
    hanging_writer.wait(timeout=20)
    assert left_in(tmp_path) == []


def test_two_writers_of_one_name_do_not_mix(tmp_path):
    path = tmp_path / "a.bundle"
    with BundleWriter(path) as first, BundleWriter(path) as second:
        sha256 = first.add("model.onnx", b"one")
        other = second.add("model.onnx", b"two")
        first.finish(manifest_for(sha256, "first"))
        with pytest.raises(BundleError, match="exists already"):
            second.finish(manifest_for(other, "second"))
    assert Bundle.open(path).manifest.name == "first"
    assert left_in(tmp_path) == ["a.bundle"]


def test_stale_folders_of_other_bundles_are_not_ours_to_remove(tmp_path):
    other = tmp_path / ".b.bundle.tmp-zzzz"
    other.mkdir()
    os.utime(other, (time.time() - 9999,) * 2)
    write(tmp_path / "a.bundle")
    assert other.exists()
