"""`edge_compress build-engine`, on the fakes; without TensorRT see test/cli."""

from __future__ import annotations

import pytest

from edge_compress.cli.main import main
from edge_compress.inference.detector import Detector


def test_the_robot_finds_what_was_built_ahead(machine, make_bundle, engines, capsys):
    bundle = make_bundle(profiles=("fp32", "ort-cpu", "tensorrt"))
    assert main(["build-engine", str(bundle)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["model.fp32.onnx", "model.tensorrt.onnx"]
    # The files of this bundle are alike byte for byte, so that one engine does for both.
    assert "built in 0 s" in lines[0]
    assert "was there already" in lines[1]
    (engine,) = engines()
    assert lines[0].endswith(str(engine))
    assert Detector.open(bundle, variant="model.tensorrt.onnx").provider == "tensorrt"
    assert len(machine.trt.builds) == 1


def test_its_options_are_the_builders(machine, make_bundle, tmp_path, capsys):
    arguments = ["--precision", "fp16", "--workspace-mb", "64", "--optimization-level", "2"]
    arguments += ["--dla-core", "1", "--device", "1", "--cache", str(tmp_path / "here")]
    assert main(["build-engine", str(make_bundle()), *arguments]) == 0
    build = machine.trt.builds[0]
    assert (build["workspace"], build["level"], build["dla_core"]) == (64 << 20, 2, 1)
    assert build["flags"] == {"FP16", "GPU_FALLBACK"}
    assert str(tmp_path / "here") in capsys.readouterr().out


def test_one_file_may_be_asked_for_and_built_again(machine, make_bundle):
    bundle = make_bundle(profiles=("fp32", "tensorrt"))
    command = ["build-engine", str(bundle), "--variant", "model.fp32.onnx"]
    for extra in ([], [], ["--rebuild"]):
        assert main([*command, *extra]) == 0
    assert len(machine.trt.builds) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--variant", "x.onnx"], "no variant 'x.onnx'; it has model.fp32.onnx"),
        (["--device", "7"], "there is no GPU 7"),
        (["--dla-core", "7"], "there is no DLA core 7"),
    ],
)
def test_a_mistake_is_one_message(machine, make_bundle, capsys, arguments, said):
    assert main(["build-engine", str(make_bundle()), *arguments]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert len(captured.err.splitlines()) == 1
    assert captured.out == ""


def test_an_engine_that_does_not_run_is_not_called_built(machine, make_bundle, capsys):
    machine.trt.fails = True
    assert main(["build-engine", str(make_bundle())]) == 2
    captured = capsys.readouterr()
    assert "TensorRT failed: enqueueV3 failed" in captured.err
    assert captured.out == ""


def test_ctrl_c_ends_it_with_130(machine, make_bundle, engines, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("threading.Thread.join", interrupt)
    assert main(["build-engine", str(make_bundle())]) == 130
