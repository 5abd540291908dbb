"""`edge_compress combine`, and what `inspect` says of its result."""

from __future__ import annotations

import numpy as np
import pytest

from edge_compress.bundle.reader import Bundle
from edge_compress.cli.main import main


@pytest.fixture
def large(make_bundle):
    sample = np.zeros((64, 96, 3), np.uint8)
    sample[8:16, 16:24], sample[40:48, 80:88] = (0, 0, 255), (0, 255, 0)
    return make_bundle("large", sample=sample)


def test_bundles_become_one(large, make_bundle, tmp_path, capsys):
    small = make_bundle("small", height=32, width=48)
    output = tmp_path / "both.bundle"
    assert main(["combine", str(large), str(small), "-o", str(output)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "rung 0: model.fp32.onnx, fp32, fp32",
        "rung 1: rung1.model.fp32.onnx, fp32, fp32",
        str(output),
    ]
    assert len(Bundle.open(output).manifest.variants) == 2
    assert main(["inspect", str(output)]) == 0
    shown = capsys.readouterr().out
    assert "sample.png: 2 seen by model.fp32.onnx" in shown
    assert "input 48x32" in shown


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"labels": ("cyan", "green", "red")}, "small.bundle: its `labels` (3: cyan, green, red)"),
        ({"task": "classification"}, "small.bundle: its `task` (classification)"),
    ],
)
def test_what_does_not_fit_is_one_message(large, make_bundle, tmp_path, capsys, change, said):
    small = make_bundle("small", **change)
    assert main(["combine", str(large), str(small), "-o", str(tmp_path / "both.bundle")]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.splitlines()) == 1
    assert said in told.err
    assert not (tmp_path / "both.bundle").exists()


def test_an_older_bundle_says_that_it_has_no_sample(make_bundle, capsys):
    assert main(["inspect", str(make_bundle())]) == 0
    assert "none, so a provider is taken that runs at all" in capsys.readouterr().out
