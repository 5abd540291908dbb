"""Extras of a bundle: read in a fresh process, they compute what the ONNX file computes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from digits import Cnn, Mlp, candidate_of, load_digits, trained
from torch import nn

from edge_compress.bundle.errors import BundleError
from edge_compress.bundle.reader import Bundle
from edge_compress.bundle.schema import Manifest
from edge_compress.compress import pipeline
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.export import export
from edge_compress.compress.export_targets import (
    ExportTargetError,
    Extras,
    check_targets,
    write_extras,
)
from edge_compress.compress.export_targets.tflite import PYTHON
from edge_compress.compress.exported import Exported
from edge_compress.compress.footage import Frames
from edge_compress.compress.progress import Silent
from edge_compress.compress.recipe import load_recipe

READ = """
import sys
import numpy as np, torch
image, answers = torch.from_numpy(np.load(sys.argv[1])), {}
for path in sys.argv[2:]:
    read = torch.jit.load if "torchscript" in path else lambda p: torch.export.load(p).module()
    with torch.no_grad():
        (answers[path],) = read(path)(image)
assert "edge_compress" not in sys.modules
np.savez(sys.argv[1] + ".npz", **answers)
"""


def _exported(candidate: Candidate, frames: Frames, folder: Path) -> Exported:
    return Exported(candidate, export(candidate, folder / "onnx", frames))


def _read_elsewhere(extras: Extras, image: np.ndarray) -> list[np.ndarray]:
    """What each file says of the image, in a process that cannot import this project."""
    paths = [str(path) for path in extras.paths.values()]
    given = Path(paths[0]).with_name("image.npy")
    np.save(given, image)
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", READ, given, *paths],
        check=True,
        cwd=given.parent,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
    )
    with np.load(f"{given}.npz") as found:
        return [found[path] for path in paths]


def _onnx(exported: Exported, image: np.ndarray) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(exported.files["fp32"])
    return session.run(None, {exported.candidate.input.name: image})


@pytest.mark.slow
def test_a_fresh_process_computes_the_same_from_each_file(tmp_path):
    exported = _exported(trained(Cnn), load_digits().learn, tmp_path)
    kinds = ("onnx", "torchscript", "exported_program")
    extras = write_extras(kinds, exported, tmp_path / "extras", load_digits().learn, Silent())
    assert extras.warnings == ()
    assert [extra.format for extra in extras.files] == list(kinds[1:])
    assert all(one.size_bytes == extras.paths[one.file].stat().st_size for one in extras.files)
    image = np.random.default_rng(0).random((1, 3, 28, 28), np.float32)
    (wanted,) = _onnx(exported, image)
    for found in _read_elsewhere(extras, image):
        assert np.abs(found - wanted).max() < 1e-4


def test_a_detector_that_came_from_onnx_is_written_too(detector_exported, tmp_path, footage):
    """Its reshapes are computed, which torch.export does not capture as they are."""
    kinds = ("torchscript", "exported_program")
    extras = write_extras(kinds, detector_exported, tmp_path, footage, Silent())
    assert extras.warnings == ()
    image = np.random.default_rng(0).random((1, 3, 64, 64), np.float32) * 255
    (wanted,) = _onnx(detector_exported, image)
    loaded = torch.export.load(extras.paths["model.pt2"]).module()
    assert np.abs(loaded(torch.from_numpy(image))[0].detach().numpy() - wanted).max() < 1e-3


@pytest.fixture
def footage(images) -> Frames:
    import cv2

    return Frames.of([cv2.imread(str(path)) for path in sorted(images.iterdir())])


@pytest.fixture
def detector_exported(tiny_onnx, footage, tmp_path) -> Exported:
    from edge_compress.bundle.schema import YoloxHead
    from edge_compress.compress.models import load_model
    from edge_compress.compress.recipe import ModelConfig

    config = ModelConfig(source=str(tiny_onnx), head=YoloxHead(strides=(8,)))
    return _exported(load_model(config, "detection"), footage, tmp_path)


class Whimsical(nn.Module):
    """Cannot be captured as it is: what it does depends on what it sees."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 10)

    def forward(self, images):
        seen = self.layer(images.mean((2, 3)))
        return seen + 1 if float(seen.detach().sum()) > 1e9 else seen


def test_python_that_cannot_be_captured_is_captured_as_its_onnx_export(tmp_path):
    frames = load_digits().learn
    exported = _exported(candidate_of(Whimsical()), frames, tmp_path)
    with pytest.raises(Exception, match="data-dependent"):
        torch.export.export(exported.candidate.module, (torch.zeros(1, 3, 28, 28),))
    extras = write_extras(("exported_program",), exported, tmp_path, frames, Silent())
    assert extras.warnings == ()
    image = torch.rand(1, 3, 28, 28, generator=torch.Generator().manual_seed(0))
    (found,) = torch.export.load(tmp_path / "model.pt2").module()(image)
    assert np.abs(found.detach().numpy() - _onnx(exported, image.numpy())[0]).max() < 1e-5


def test_a_file_that_computes_something_else_is_left_out(tmp_path):
    """As when a module was changed behind the exporter's back."""
    frames = load_digits().learn
    exported = _exported(trained(Mlp), frames, tmp_path)
    other = Exported(trained(Cnn), exported.files)
    extras = write_extras(("torchscript",), other, tmp_path, frames, Silent())
    assert extras.files == ()
    assert "torch does not compute what ONNX Runtime computes" in extras.warnings[0]


def test_half_weights_are_those_of_the_extras_too(tmp_path):
    from dataclasses import replace

    half = replace(trained(Mlp), half_weights=True)
    exported = _exported(half, load_digits().learn, tmp_path)
    extras = write_extras(("torchscript",), exported, tmp_path, load_digits().learn, Silent())
    (path,) = extras.paths.values()
    weights = [value for value in torch.jit.load(path).state_dict().values() if value.ndim == 2]
    assert len(weights) == 2
    assert all(torch.equal(value, value.half().float()) for value in weights)


def test_a_bundle_lists_its_extras_and_is_refused_when_one_changes(write_recipe, tmp_path, capsys):
    recipe = load_recipe(
        write_recipe(
            export=["onnx", "torchscript"],
            passes=[{"kind": "quantize", "frames": 4, "profiles": ["ort-cpu"]}],
        )
    )
    bundle, record = pipeline.run(recipe, tmp_path / "tiny.bundle")
    manifest = Bundle.open(bundle).manifest
    (extra,) = manifest.extras
    assert (extra.file, extra.format) == ("model.torchscript.pt", "torchscript")
    assert not any("left out" in warning for warning in record.warnings)
    assert torch.jit.load(bundle / extra.file)(torch.zeros(1, 3, 64, 64))[0].shape == (1, 64, 7)

    from edge_compress.cli.main import main

    assert main(["inspect", str(bundle)]) == 0
    assert "model.torchscript.pt (torchscript" in capsys.readouterr().out
    with (bundle / extra.file).open("ab") as file:
        file.write(b"x")
    with pytest.raises(BundleError, match=r"model.torchscript.pt: its sha256"):
        Bundle.open(bundle)


def test_a_manifest_from_before_extras_is_read(make_bundle):
    content = json.loads((make_bundle() / "manifest.json").read_text())
    del content["extras"]
    content["schema_version"] = 1
    assert Manifest.model_validate(content).extras == ()


def test_a_finished_run_is_not_run_again_for_another_format(write_recipe, tmp_path):
    recipe = load_recipe(write_recipe(passes=[{"kind": "half_weights"}]))
    pipeline.run(recipe, tmp_path / "tiny.bundle")

    class Notes(Silent):
        lines: list[str] = []  # noqa: RUF012

        def note(self, text: str) -> None:
            self.lines.append(text)

    more = recipe.model_copy(update={"export": ("exported_program",)})
    bundle, _ = pipeline.run(more, tmp_path / "tiny.bundle", overwrite=True, progress=Notes())
    assert any("finished in an earlier run" in line for line in Notes.lines)
    assert [extra.file for extra in Bundle.open(bundle).manifest.extras] == ["model.pt2"]


def test_tflite_tells_what_to_install_before_any_work(monkeypatch, write_recipe, tmp_path):
    monkeypatch.delenv(PYTHON, raising=False)
    recipe = load_recipe(write_recipe(export=["tflite"]))
    with pytest.raises(ExportTargetError, match=r"pip install 'litert-torch==0.10.\*' torch==2"):
        pipeline.run(recipe, tmp_path / "tiny.bundle")
    assert not (tmp_path / "tiny.state").exists()
    monkeypatch.setenv(PYTHON, "/nowhere/python")
    with pytest.raises(ExportTargetError, match="'/nowhere/python', which cannot be run"):
        check_targets(("tflite",))


def test_a_converter_that_fails_is_quoted(monkeypatch, tmp_path):
    """A Python without the converter, as when a package of it is broken."""
    monkeypatch.setenv(PYTHON, sys.executable)
    frames = load_digits().learn
    exported = _exported(trained(Mlp), frames, tmp_path)
    extras = write_extras(("tflite",), exported, tmp_path, frames, Silent())
    assert isinstance(extras, Extras)
    assert extras.files == ()
    assert "No module named 'litert_torch'" in extras.warnings[0]


@pytest.mark.slow
@pytest.mark.skipif(PYTHON not in os.environ, reason=f"{PYTHON} names no Python with litert-torch")
def test_tflite_computes_the_same(tmp_path):
    frames = load_digits().learn
    exported = _exported(trained(Cnn), frames, tmp_path)
    extras = write_extras(("tflite",), exported, tmp_path, frames[:2], Silent())
    assert extras.warnings == ()
    (path,) = extras.paths.values()
    assert path.read_bytes()[4:8] == b"TFL3"


def test_an_extra_that_breaks_in_a_way_of_its_own_is_left_out(monkeypatch, tmp_path):
    def run(self, *inputs):
        raise RuntimeError("shape '[1, 4]' is invalid for input of size 8\nmore of it")

    monkeypatch.setattr("edge_compress.compress.export_targets.torch_file.TorchFile.run", run)
    frames = load_digits().learn
    exported = _exported(trained(Mlp), frames, tmp_path)
    extras = write_extras(("torchscript",), exported, tmp_path, frames, Silent())
    assert extras.files == ()
    (warning,) = extras.warnings
    assert warning == (
        "model.torchscript.pt is left out: RuntimeError: shape '[1, 4]' is invalid for input of "
        "size 8"
    )
