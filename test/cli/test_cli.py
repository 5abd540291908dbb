"""The real command, in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from edge_compress import __version__
from edge_compress.cli.main import main

COMMAND = [sys.executable, "-m", "edge_compress.cli.main"]
RED = (0, 0, 255)


def run(*arguments, **options):
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=120, **options
    )


def refused(*arguments, **options):
    """Run a command that is a user's mistake and return its one message."""
    done = run(*arguments, **options)
    assert done.returncode == 2
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("edge_compress: error: ")
    return lines[0]


@pytest.fixture
def photo(tmp_path):
    """192 x 128 pixels with one red square; the small detector sees it at 2 pixels for 1."""
    image = np.zeros((128, 192, 3), np.uint8)
    image[16:32, 32:48] = RED
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), image)
    return path


@pytest.fixture
def make_video(tmp_path):
    def make(frames=5, name="drive.avi"):
        path = tmp_path / name
        code = cv2.VideoWriter.fourcc(*"MJPG")
        writer = cv2.VideoWriter(str(path), code, 10, (192, 128))
        assert writer.isOpened()
        for i in range(frames):
            image = np.zeros((128, 192, 3), np.uint8)
            image[16:32, 16 * i % 176 : 16 * i % 176 + 16] = RED
            writer.write(image)
        writer.release()
        return path

    return make


# ---- the command itself ----


def test_help_shows_every_command_with_examples():
    done = run("--help")
    assert done.returncode == 0
    for word in ("compress", "inspect", "profile", "detect", "telemetry", "examples:"):
        assert word in done.stdout


@pytest.mark.parametrize("command", ["compress", "inspect", "profile", "detect", "telemetry"])
def test_each_command_has_help_with_examples(command):
    done = run(command, "--help")
    assert done.returncode == 0
    assert f"edge_compress {command} " in done.stdout


def test_version():
    assert run("--version").stdout == f"edge_compress {__version__}\n"


def test_no_command_is_a_mistake():
    done = run()
    assert done.returncode == 2
    assert "COMMAND" in done.stderr


def test_the_command_line_loads_nothing_heavy():
    program = (
        "import sys; from edge_compress.cli.main import build_parser; build_parser();"
        "print([m for m in ('torch', 'cv2', 'numpy', 'onnxruntime', 'pydantic', 'rich')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize(
    ("command", "package", "extra"),
    [("compress", "torch", "compress"), ("detect", "onnxruntime", "runtime")],
)
def test_a_package_that_is_missing_comes_with_its_pip_command(
    tmp_path, photo, make_bundle, command, package, extra
):
    # A folder first on the path in which the package cannot be imported, as on a small robot.
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    (blocked / f"{package}.py").write_text(
        f"raise ModuleNotFoundError(\"No module named '{package}'\", name='{package}')"
    )
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("name: x\n")
    arguments = {
        "compress": (recipe,),
        "detect": (make_bundle(), photo, "-o", tmp_path / "out.png"),
    }[command]
    environment = os.environ | {"PYTHONPATH": str(blocked)}
    message = refused(command, *arguments, env=environment)
    assert f"needs the Python package {package}" in message
    assert f"pip install 'edge_compress[{extra}]'" in message


# ---- inspect ----


def test_inspect_shows_what_is_in_a_bundle(make_bundle):
    done = run("inspect", make_bundle(profiles=("fp32", "ort-cpu")))
    assert done.returncode == 0, done.stderr
    for word in ("tiny", "detection", "96x64", "yolox", "3: blue, green, red", "model.fp32.onnx",
                 "model.ort-cpu.onnx", "matches its sha256", "2026-01-01"):  # fmt: skip
        assert word in done.stdout


def test_inspect_as_json_is_the_manifest(make_bundle):
    bundle = make_bundle()
    shown = json.loads(run("inspect", bundle, "--json").stdout)
    assert shown["verified"] is True
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert manifest.items() <= shown.items()


def test_inspect_shows_brackets_as_they_are(make_bundle, tmp_path):
    bundle = make_bundle(labels=("sign[stop]", "b[/x]", ":car:"))
    (tmp_path / "runs[v2]").mkdir()
    bundle.rename(tmp_path / "runs[v2]" / "x.bundle")
    done = run("inspect", "runs[v2]/x.bundle", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for word in ("runs[v2]/x.bundle", "sign[stop], b[/x], :car:"):
        assert word in done.stdout


def test_inspect_refuses_a_bundle_that_is_damaged(make_bundle):
    bundle = make_bundle()
    with (bundle / "report.html").open("a") as file:
        file.write("x")
    assert "report.html: its sha256" in refused("inspect", bundle)


def test_inspect_refuses_what_is_no_bundle(tmp_path):
    assert "nothing: not a bundle" in refused("inspect", tmp_path / "nothing")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("option", ["--json", "--help"])
def test_a_reader_that_leaves_the_pipe_sees_no_trace(make_bundle, option, unbuffered):
    arguments = [*COMMAND, "inspect", str(make_bundle()), option]
    env = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    process.wait(timeout=60)


# ---- profile ----


def test_profile_times_every_file_that_fits(make_bundle):
    bundle = make_bundle(profiles=("fp32", "ort-cpu", "tensorrt"))
    shown = json.loads(run("profile", bundle, "--runs", 5, "--json").stdout)
    assert set(shown) == {"model.fp32.onnx", "model.ort-cpu.onnx"}
    for stats in shown.values():
        assert (stats["runs"], stats["threads"], stats["provider"]) == (5, 1, "cpu")
        assert 0 < stats["p50"] <= stats["p90"] <= stats["p99"]


def test_profile_shows_brackets_as_they_are(make_detector_onnx, tmp_path):
    model = make_detector_onnx().rename(tmp_path / "net[v2].onnx")
    done = run("profile", model, "--runs", 1)
    assert done.returncode == 0, done.stderr
    assert "net[v2].onnx" in done.stdout


def test_profile_takes_an_onnx_file_and_shows_a_table(make_detector_onnx):
    done = run("profile", make_detector_onnx(), "--runs", 3, "--threads", 2)
    assert done.returncode == 0, done.stderr
    for word in ("squares-64x96.onnx", "p50 ms", "p90 ms", "p99 ms", "2 threads", "cpu"):
        assert word in done.stdout


@pytest.mark.parametrize("text", ["", "not a model"])
def test_profile_refuses_what_is_no_model(tmp_path, text):
    (tmp_path / "bad.onnx").write_text(text)
    assert "bad.onnx" in refused("profile", tmp_path / "bad.onnx")
    assert "no such file" in refused("profile", tmp_path / "gone.onnx")


def test_profile_refuses_a_provider_that_is_not_there(make_detector_onnx):
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this machine has CUDA")
    assert "no cuda provider" in refused("profile", make_detector_onnx(), "--provider", "cuda")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--runs", "0"), "argument --runs: must be at least 1, got 0"),
        (("--threads", "-1"), "argument --threads: must be at least 0, got -1"),
        (("--threads", "x"), "must be a whole number, got 'x'"),
        (("--provider", "npu"), "invalid choice: 'npu'"),
    ],
)
def test_an_argument_out_of_range_is_named(arguments, said):
    done = run("profile", "x.onnx", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_profile_refuses_a_model_of_any_size(tmp_path):
    graph = helper.make_graph(
        [helper.make_node("Relu", ["images"], ["out"])],
        "g",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, (1, 3, "h", "w"))],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, (1, 3, "h", "w"))],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), tmp_path / "free.onnx")
    assert "free.onnx: the input size is free" in refused("profile", tmp_path / "free.onnx")


def on_a_terminal(*arguments):
    """Run a command whose standard error is a real terminal; return what was written there."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=slave
    )
    os.close(slave)
    shown = b""
    # The other end answers EIO once the command has closed it.
    with contextlib.suppress(OSError):
        while chunk := os.read(master, 4096):
            shown += chunk
    os.close(master)
    assert process.wait(timeout=60) == 0
    return shown.decode()


def test_a_terminal_sees_how_far_it_is(make_bundle, make_video, tmp_path):
    bundle = make_bundle()
    assert "measuring" in on_a_terminal("profile", bundle, "--runs", 50)
    out = tmp_path / "out.mp4"
    assert "detecting" in on_a_terminal("detect", bundle, make_video(20), "-o", out)


# ---- detect ----


def test_detect_on_an_image(make_bundle, photo, tmp_path):
    out, listing = tmp_path / "out.png", tmp_path / "out.json"
    done = run("detect", make_bundle(), photo, "-o", out, "--json", listing)
    assert done.returncode == 0, done.stderr
    drawn = cv2.imread(str(out))
    assert drawn.shape == (128, 192, 3)
    assert (drawn != cv2.imread(str(photo))).any()
    found = json.loads(listing.read_text())
    (seen,) = found["frames"][0]["detections"]
    assert seen == {"label": "red", "class_id": 2, "score": 1.0, "box_xyxy": [24, 8, 56, 40]}
    assert found["model"] == "model.fp32.onnx"
    assert "1 frame(s), 1 detection(s)" in done.stdout


def test_detect_on_a_video(make_bundle, make_video, tmp_path):
    out, listing = tmp_path / "out.mp4", tmp_path / "out.json"
    done = run("detect", make_bundle(), make_video(5), "-o", out, "--json", listing)
    assert done.returncode == 0, done.stderr
    capture = cv2.VideoCapture(str(out))
    assert int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) == 5
    assert capture.get(cv2.CAP_PROP_FPS) == 10
    frames = json.loads(listing.read_text())["frames"]
    assert [frame["index"] for frame in frames] == [0, 1, 2, 3, 4]
    assert all(frame["detections"] for frame in frames)


def test_thresholds_come_from_the_command_line(make_bundle, tmp_path):
    image = np.zeros((64, 96, 3), np.uint8)
    image[8:16, 16:24] = (0, 0, 230)  # objectness .80, class .90
    cv2.imwrite(str(tmp_path / "dim.png"), image)
    arguments = ("detect", make_bundle(), tmp_path / "dim.png", "-o", tmp_path / "out.png")
    assert "1 detection(s)" in run(*arguments, "--confidence", "0.7").stdout
    assert "0 detection(s)" in run(*arguments, "--confidence", "0.75").stdout
    assert "must be between 0 and 1" in run(*arguments, "--confidence", "1.5").stderr


def test_a_broken_source_is_one_message_and_leaves_nothing(make_bundle, tmp_path):
    bundle = make_bundle()
    before = {entry.name for entry in tmp_path.iterdir()}
    for name, out, said in [
        ("bad.jpg", "out.jpg", "cannot be decoded as an image"),
        ("bad.avi", "out.mp4", "neither an image nor a video"),
        ("bad.bin", "out.mp4", "neither an image nor a video"),
    ]:
        source = tmp_path / name
        source.write_bytes(b"RIFF not really" * 20)
        assert said in refused("detect", bundle, source, "-o", tmp_path / out)
        source.unlink()
    assert {entry.name for entry in tmp_path.iterdir()} <= before


def test_a_video_without_frames_is_refused(make_bundle, make_video, tmp_path):
    source = make_video(0)
    message = refused("detect", make_bundle(), source, "-o", tmp_path / "out.mp4")
    assert source.name in message
    assert not (tmp_path / "out.mp4").exists()


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("out.txt", "is an image, so use .png"),
        ("out.mp4", "is an image, so use .png"),
        ("nowhere/out.png", "no such folder"),
        ("photo.png", "is the input itself"),
    ],
)
def test_an_output_that_cannot_be_is_refused_at_once(make_bundle, photo, tmp_path, output, said):
    before = photo.read_bytes()
    assert said in refused("detect", make_bundle(), photo, "-o", tmp_path / output)
    assert photo.read_bytes() == before


def test_a_video_needs_a_video_as_output(make_bundle, make_video, tmp_path):
    message = refused("detect", make_bundle(), make_video(), "-o", tmp_path / "out.png")
    assert "is a video, so use .mp4" in message


def test_nan_from_the_model_is_one_message_and_leaves_nothing(make_bundle, tmp_path):
    white, out = tmp_path / "white.png", tmp_path / "out.png"
    cv2.imwrite(str(white), np.full((64, 96, 3), 255, np.uint8))
    listing = tmp_path / "out.json"
    message = refused("detect", make_bundle(), white, "-o", out, "--json", listing)
    assert "NaN" in message
    assert not any(entry.name.startswith((".", "out")) for entry in tmp_path.iterdir())


def test_an_unknown_variant_is_refused_with_those_there_are(make_bundle, photo, tmp_path):
    arguments = ("detect", make_bundle(), photo, "-o", tmp_path / "out.png")
    assert "it has model.fp32.onnx" in refused(*arguments, "--variant", "x.onnx")


def test_a_full_disk_is_one_message_and_leaves_nothing(make_bundle, make_video, tmp_path):
    # A limit on the size of a file stands in for a full disk; Python ignores SIGXFSZ itself.
    limited = (
        "import resource, sys; from edge_compress.cli.main import main;"
        "hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1];"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard)); code = main(sys.argv[1:]);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard)); sys.exit(code)"
    )
    out = tmp_path / "out.mp4"
    arguments = ["detect", make_bundle(), make_video(40), "-o", out]
    done = subprocess.run(
        [sys.executable, "-c", limited, *map(str, arguments)], capture_output=True, text=True
    )
    assert done.returncode == 2, done.stderr
    assert "is the disk full" in done.stderr
    assert "Traceback" not in done.stderr
    assert not any(entry.name.startswith((".out", "out")) for entry in tmp_path.iterdir())


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_leaves_no_partial_output_and_no_trace(
    make_bundle, make_video, tmp_path, number, code
):
    bundle = make_bundle(height=512, width=768, profiles=("fp32",), slow=("fp32",))
    source = make_video(2000)
    arguments = [*COMMAND, "detect", str(bundle), str(source), "-o", str(tmp_path / "out.mp4")]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    # Wait until frames are being written.
    while not any(entry.name.startswith(".out-") for entry in tmp_path.iterdir()):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in errors
    assert not any(entry.name.startswith((".out", "out")) for entry in tmp_path.iterdir())


def test_yolox_nano_as_plain_onnx_can_be_profiled(yolox_onnx):
    shown = json.loads(run("profile", yolox_onnx, "--runs", 2, "--json").stdout)
    assert shown[yolox_onnx.name]["runs"] == 2


def test_only_compress_runs_under_torchrun(monkeypatch, capsys):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert main(["inspect", "small.bundle"]) == 2
    assert "`inspect` does not run under torchrun; only `compress` does" in capsys.readouterr().err
