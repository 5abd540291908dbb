"""What was verified is what is loaded, though the folder may change between."""

from __future__ import annotations

import gc
import hashlib
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from edge_compress.bundle.errors import BundleError
from edge_compress.bundle.reader import Bundle
from edge_compress.bundle.schema import BundledFile
from edge_compress.inference.choose import p50_ms
from edge_compress.inference.detector import Detector
from edge_compress.inference.onnxruntime_session import OrtSession
from edge_compress.inference.sealed_file import SealedFile
from edge_compress.inference.session import ModelError, ProviderError
from edge_compress.inference.sessions import open_session
from edge_compress.inference.tensorrt.model_file import ModelFile


@pytest.fixture
def opened(make_bundle):
    return Bundle.open(make_bundle(sample=np.zeros((64, 96, 3), np.uint8)))


@pytest.fixture
def swap(opened, make_detector_onnx):
    """Put another model, a good one, in the place of the bundle's; it would load."""

    def swap(name="model.fp32.onnx"):
        other = make_detector_onnx(slow=True).read_bytes()
        (opened.path / name).write_bytes(other)
        assert OrtSession(opened.path / name).provider == "cpu"

    return swap


def test_a_model_that_was_swapped_after_the_bundle_was_opened_is_not_loaded(opened, swap):
    swap()
    with pytest.raises(ProviderError, match=r"model\.fp32\.onnx: was changed after the bundle"):
        Detector.open(opened, providers=("cpu",))


def test_it_is_not_timed_either(opened, swap):
    swap()
    with pytest.raises(ModelError, match="was changed after the bundle was opened"):
        p50_ms(opened, opened.manifest.variants, "cpu")


def test_nor_is_an_engine_made_of_it(opened, swap):
    model = SealedFile(opened, opened.manifest.variants[0])
    whole = ModelFile.of(model)
    swap()
    assert whole.for_parser()[1] == "fp32"  # of what was read, not of what lies there now
    assert whole.sha256 == opened.manifest.variants[0].sha256
    with pytest.raises(ModelError, match="was changed"):
        ModelFile.of(model)


def test_a_sample_that_was_swapped_is_not_decoded(opened):
    (opened.path / "sample.png").write_bytes(b"another")
    with pytest.raises(ProviderError, match=r"sample\.png: was changed"):
        Detector.open(opened, providers=("cpu",))


def test_the_provider_that_takes_over_in_flight_loads_what_was_verified(cuda, opened, swap):
    detector = Detector.open(opened, providers=("cuda", "cpu"), threads=1)
    cuda[0].fault = "raise"
    swap()
    with pytest.raises(ProviderError, match=r"cpu: .*model\.fp32\.onnx: was changed"):
        detector.detect(np.zeros((64, 96, 3), np.uint8))


def test_a_file_that_is_gone_is_told(opened):
    (opened.path / "model.fp32.onnx").unlink()
    with pytest.raises(BundleError, match=r"model\.fp32\.onnx: cannot be read: No such file"):
        opened.read(opened.manifest.variants[0])


def test_a_copy_in_memory_is_given_back(opened):
    def handles():
        return len(list(Path("/proc/self/fd").iterdir()))

    model = SealedFile(opened, opened.manifest.variants[0])
    before = handles()
    with model.in_memory() as path:
        assert Path(path).read_bytes() == (opened.path / model.name).read_bytes()
    assert handles() == before
    session = open_session(model, "cpu")
    assert handles() == before
    assert session.run(np.zeros((1, 3, 64, 96), np.float32))


def test_where_no_copy_can_be_made_the_bytes_are_loaded(opened, monkeypatch):
    def refused(_):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "memfd_create", refused)
    model = SealedFile(opened, opened.manifest.variants[0])
    with model.in_memory() as source:
        assert source == (opened.path / model.name).read_bytes()
    assert open_session(model, "cpu").run(np.zeros((1, 3, 64, 96), np.float32))


def test_what_cannot_be_loaded_is_told_by_its_own_name(make_bundle):
    """Not by that of the copy."""
    path = make_bundle()
    (path / "model.fp32.onnx").write_bytes(b"no model")
    sha256 = hashlib.sha256(b"no model").hexdigest()
    part = BundledFile(file="model.fp32.onnx", sha256=sha256)
    with pytest.raises(ModelError, match=r"model\.fp32\.onnx: ONNX Runtime cannot") as error:
        open_session(SealedFile(Bundle(path, None), part), "cpu")
    assert "/proc" not in str(error.value)


@pytest.mark.parametrize("content", ["sealed", "bytes"])
def test_the_bytes_of_a_model_are_not_kept(opened, monkeypatch, content):
    """ONNX Runtime has a copy of its own; a second one would cost the robot its memory."""
    kept = []

    def read_bytes(self):
        kept.append((opened.path / self.name).read_bytes())
        return kept[0]

    monkeypatch.setattr(SealedFile, "read_bytes", read_bytes)
    model = SealedFile(opened, opened.manifest.variants[0])
    session = OrtSession(model if content == "sealed" else model.read_bytes())
    gc.collect()
    held = sys.getrefcount(kept[0])
    assert held == 2  # ours, and the argument of that call
    assert session.run(np.zeros((1, 3, 64, 96), np.float32))
