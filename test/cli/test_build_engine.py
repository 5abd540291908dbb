"""`edge_compress build-engine` where there is no TensorRT; with one see test/inference/tensorrt."""

from __future__ import annotations

import importlib.util

import pytest

from edge_compress.cli.main import main


def test_without_tensorrt_one_message_says_how_to_get_it(make_bundle, capsys):
    if importlib.util.find_spec("tensorrt") is not None:
        pytest.skip("this machine has TensorRT")
    assert main(["build-engine", str(make_bundle())]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert "TensorRT is not installed (on a Jetson: `apt install python3-libnvinfer`" in said


def test_a_bundle_for_other_runtimes_only_is_refused(make_bundle, capsys):
    assert main(["build-engine", str(make_bundle(profiles=("ort-cpu",)))]) == 2
    assert "no variant for tensorrt; it has ort-cpu" in capsys.readouterr().err
