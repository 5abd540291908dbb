"""A bundle is opened only when every byte is as it was written."""

from __future__ import annotations

import hashlib
import json
import os
import shutil

import numpy as np
import pytest

from edge_compress.bundle.checksums import sums_text
from edge_compress.bundle.errors import BundleError
from edge_compress.bundle.reader import Bundle
from edge_compress.inference.detector import Detector

FILES = ("manifest.json", "SHA256SUMS", "model.fp32.onnx", "report.html", "recipe.yaml")


@pytest.fixture
def bundle(make_bundle):
    return make_bundle()


def seal(bundle):
    """Make SHA256SUMS fit the files again, so that only what is written in them is at fault."""
    digests = {
        entry.name: hashlib.sha256(entry.read_bytes()).hexdigest()
        for entry in bundle.iterdir()
        if entry.name != "SHA256SUMS" and entry.is_file()
    }
    (bundle / "SHA256SUMS").write_text(sums_text(digests))


def change_manifest(bundle, change):
    path = bundle / "manifest.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    seal(bundle)


def test_what_was_written_is_read(bundle):
    opened = Bundle.open(str(bundle))
    assert opened.path == bundle
    assert opened.manifest.labels == ("blue", "green", "red")
    variant = opened.manifest.variants[0]
    assert hashlib.sha256(opened.file(variant).read_bytes()).hexdigest() == variant.sha256
    assert {entry.name for entry in bundle.iterdir()} == set(FILES)


def test_the_checksums_are_those_of_the_sha256sum_command(bundle):
    sha256sum = shutil.which("sha256sum")
    if sha256sum is None:
        pytest.skip("sha256sum is not installed")
    assert os.system(f"cd '{bundle}' && {sha256sum} --check --strict --quiet SHA256SUMS") == 0


@pytest.mark.parametrize("where", [0.0, 0.13, 0.5, 0.77, 1.0])
@pytest.mark.parametrize("bit", [0, 5])
@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_in_any_file_is_refused(bundle, name, where, bit):
    path = bundle / name
    data = bytearray(path.read_bytes())
    data[int(where * (len(data) - 1))] ^= 1 << bit
    path.write_bytes(data)
    # A hash flipped in SHA256SUMS is told as that of the file it stands for.
    with pytest.raises(BundleError, match="SHA256SUMS" if name == "SHA256SUMS" else name):
        Bundle.open(bundle)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("change", [lambda d: d[:-1], lambda d: d + b"\n", lambda d: b""])
def test_a_file_cut_short_or_grown_is_refused(bundle, name, change):
    path = bundle / name
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(BundleError, match=name):
        Bundle.open(bundle)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(bundle, name):
    (bundle / name).unlink()
    with pytest.raises(BundleError, match=f"{name}: is missing"):
        Bundle.open(bundle)


def test_a_file_that_nobody_listed_is_refused(bundle):
    (bundle / "extra.bin").write_bytes(b"?")
    with pytest.raises(BundleError, match=r"extra\.bin: is not listed"):
        Bundle.open(bundle)


@pytest.mark.parametrize("name", ["model.fp32.onnx", "manifest.json", "SHA256SUMS"])
def test_a_link_out_of_the_folder_is_refused(bundle, tmp_path, name):
    outside = tmp_path / "outside"
    (bundle / name).rename(outside)
    (bundle / name).symlink_to(outside)
    with pytest.raises(BundleError, match=f"{name}: is a symbolic link"):
        Bundle.open(bundle)


def test_a_folder_or_a_pipe_in_the_bundle_is_refused(bundle):
    os.mkfifo(bundle / "pipe")
    with pytest.raises(BundleError, match="pipe: is not a regular file"):
        Bundle.open(bundle)
    (bundle / "pipe").unlink()
    (bundle / "folder").mkdir()
    with pytest.raises(BundleError, match="folder: is not a regular file"):
        Bundle.open(bundle)


@pytest.mark.parametrize("file", ["../outside.onnx", "/etc/passwd", "a/b.onnx", "..", "a\\b"])
def test_a_model_path_that_leads_out_is_refused(bundle, tmp_path, file):
    (tmp_path / "outside.onnx").write_bytes((bundle / "model.fp32.onnx").read_bytes())
    change_manifest(bundle, lambda m: m["variants"][0].update(file=file))
    with pytest.raises(BundleError, match=r"manifest\.json: variants\.0\.file: .*plain file name"):
        Bundle.open(bundle)


def test_a_listed_path_that_leads_out_is_refused(bundle, tmp_path):
    (tmp_path / "outside").write_bytes(b"x")
    line = f"{hashlib.sha256(b'x').hexdigest()}  ../outside\n"
    with (bundle / "SHA256SUMS").open("a") as sums:
        sums.write(line)
    with pytest.raises(BundleError, match=r"SHA256SUMS: lists '\.\./outside'"):
        Bundle.open(bundle)


def test_a_newer_schema_says_to_update(bundle):
    def newer(manifest):
        manifest["schema_version"] = 99
        manifest["a_key_of_the_future"] = 1

    change_manifest(bundle, newer)
    with pytest.raises(BundleError, match=r"made by a newer edge_compress .schema 99.*update"):
        Bundle.open(bundle)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_an_older_schema_is_read(bundle, version):
    def older(manifest):
        manifest["schema_version"] = version
        for key in ("rung", "input", "sample"):
            manifest["variants"][0].pop(key)
        if version < 2:
            manifest.pop("extras")
        if version < 3:
            for measured in (manifest["original"], manifest["variants"][0]["measured"]):
                measured.pop("predicted")
                measured.pop("energy_mj")

    change_manifest(bundle, older)
    opened = Bundle.open(bundle)
    (variant,) = opened.manifest.variants
    assert (variant.rung, variant.sample) == (0, None)
    assert opened.manifest.input_of(variant) == opened.manifest.input
    assert Detector.open(opened, providers=("cpu",)).provider == "cpu"


def test_a_sample_that_was_changed_is_refused(make_bundle):
    bundle = make_bundle(sample=np.zeros((64, 96, 3), np.uint8))
    assert [sample.file for sample in Bundle.open(bundle).manifest.samples] == ["sample.png"]
    (bundle / "sample.png").write_bytes(b"another picture")
    with pytest.raises(BundleError, match=r"sample\.png: its sha256 is not the one"):
        Bundle.open(bundle)
    seal(bundle)
    with pytest.raises(BundleError, match=r"sample\.png: is not the file that the manifest"):
        Bundle.open(bundle)


def sample(file):
    return {"file": file, "sha256": "0" * 64, "objects": []}


def resized(manifest):
    other = {**manifest["variants"][0], "file": "other.onnx"}
    return {**other, "input": {**manifest["input"], "height": 8}}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m.update(extra=1), "extra: Extra inputs are not permitted"),
        (lambda m: m["input"].update(sharpen=1), r"input\.sharpen: Extra"),
        (lambda m: m.pop("labels"), "labels: Field required"),
        (lambda m: m.update(labels=[]), "labels"),
        (lambda m: m.update(schema_version="one"), "schema_version"),
        (lambda m: m["head"].update(kind="yolo99"), "head.*yolo99"),
        (lambda m: m["input"].update(height=0), r"input\.height"),
        (lambda m: m["variants"].append(dict(m["variants"][0])), "own file"),
        (lambda m: m["variants"][0].update(file="gone.onnx"), "gone.onnx: the manifest names it"),
        (lambda m: m["variants"][0].update(file="SHA256SUMS"), "SHA256SUMS"),
        (lambda m: m["variants"][0].update(sha256="0" * 64), r"model\.fp32\.onnx: is not the file"),
        (lambda m: m["variants"][0].update(sample=sample("gone.png")), "gone.png: the manifest"),
        (lambda m: m["variants"][0].update(sample=sample("../x.png")), "sample.file: .*plain"),
        (lambda m: m["variants"][0].update(sample=sample("model.fp32.onnx")), "own file"),
        (lambda m: m["variants"][0].update(sample=sample("report.html")), "report.html: is not"),
        (lambda m: m["variants"].append(resized(m)), "rung 0 differ in their `input`"),
    ],
)
def test_a_manifest_that_does_not_fit_names_the_key(bundle, change, said):
    change_manifest(bundle, change)
    with pytest.raises(BundleError, match=said) as error:
        Bundle.open(bundle)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["", "not json", "[1, 2]", "null", '{"a": NaN', "\xff\xfe"])
def test_a_manifest_that_is_no_manifest_is_refused(bundle, text):
    (bundle / "manifest.json").write_bytes(text.encode("latin-1"))
    seal(bundle)
    with pytest.raises(BundleError, match=r"manifest\.json"):
        Bundle.open(bundle)


def test_what_is_no_folder_is_refused(tmp_path):
    with pytest.raises(BundleError, match="no such folder"):
        Bundle.open(tmp_path / "nothing.bundle")
    (tmp_path / "file.bundle").write_bytes(b"x")
    with pytest.raises(BundleError, match="no such folder"):
        Bundle.open(tmp_path / "file.bundle")
    (tmp_path / "empty.bundle").mkdir()
    with pytest.raises(BundleError, match=r"manifest\.json: is missing"):
        Bundle.open(tmp_path / "empty.bundle")


def test_a_file_that_may_not_be_read_is_named(bundle):
    (bundle / "model.fp32.onnx").chmod(0)
    if os.access(bundle / "model.fp32.onnx", os.R_OK):
        pytest.skip("root may read everything")
    with pytest.raises(BundleError, match=r"model\.fp32\.onnx: cannot be read"):
        Bundle.open(bundle)


def test_a_link_to_the_bundle_itself_is_followed(bundle, tmp_path):
    (tmp_path / "current.bundle").symlink_to(bundle)
    assert Bundle.open(tmp_path / "current.bundle").manifest.name == "tiny"
