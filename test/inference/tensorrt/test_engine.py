"""Engines are built once, kept whole, and never used where they do not belong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading

import pytest

from edge_compress.inference.options import TensorrtOptions
from edge_compress.inference.session import ModelError, ProviderError
from edge_compress.inference.tensorrt.engine import obtain
from edge_compress.inference.tensorrt.library import load
from edge_compress.inference.tensorrt.model_file import ModelFile
from edge_compress.inference.tensorrt.session import TensorrtSession


def test_an_engine_is_built_once(opened, engines):
    assert [opened(), opened(), opened()] == [1, 1, 1]
    assert len(engines()) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"precision": "fp16"},
        {"batch": (1, 2, 4)},
        {"size": (8, 8)},
        {"workspace_mb": 64},
        {"dla_core": 0},
        {"optimization_level": 5},
    ],
)
def test_each_option_of_the_build_has_an_engine_of_its_own(opened, engines, change):
    assert [opened(), opened(**change), opened(), opened(**change)] == [1, 2, 2, 2]
    assert len(engines()) == 2


@pytest.mark.parametrize("change", [{"cuda_graph": False}, {"timing_cache": False}])
def test_options_of_the_run_share_one(opened, change):
    assert [opened(), opened(**change)] == [1, 1]


def test_another_model_of_the_same_shape_has_another(machine, opened, make_detector_onnx):
    opened()
    TensorrtSession(make_detector_onnx(slow=True))
    assert len(machine.trt.builds) == 2


def test_an_update_of_tensorrt_builds_anew(machine, opened, engines):
    opened()
    machine.install("10.13.3.9")
    assert [opened(), opened()] == [1, 1]
    machine.install("10.3.0")
    assert opened() == 0  # the old one is still there
    assert len(engines()) == 2


@pytest.mark.parametrize(
    "change",
    [{"name": b"Orin Nano\0"}, {"minor": 9}, {"multiProcessorCount": 4}],
)
def test_another_gpu_builds_anew(machine, opened, change):
    opened()
    vars(machine.cuda.devices[0]).update(change)
    assert opened() == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-1],
        lambda content: content[: len(content) // 2],
        lambda content: content[:10],
        lambda content: b"",
        lambda content: content[:-5] + bytes([content[-5] ^ 1]) + content[-4:],
        lambda content: b"x" + content[1:],
        lambda content: content.replace(b"{", b"[", 1),
    ],
)
def test_a_damaged_engine_is_never_given_to_tensorrt(opened, engines, damage):
    opened()
    (path,) = engines()
    path.write_bytes(damage(path.read_bytes()))
    assert [opened(), opened()] == [2, 2]


def test_an_engine_under_another_ones_name_is_not_used(opened, engines):
    opened()
    (first,) = engines()
    opened(precision="fp16")
    (second,) = set(engines()) - {first}
    first.replace(second)
    assert opened(precision="fp16") == 3


def test_one_that_tensorrt_refuses_is_built_again_once(machine, opened, engines):
    opened()
    machine.trt.opens = False
    with pytest.raises(ProviderError, match="cannot open the engine: Serialization assertion"):
        opened()
    assert len(machine.trt.builds) == 2
    assert engines() == []
    machine.trt.opens = True
    assert opened() == 3


def test_one_that_is_new_and_refused_is_not_built_again(machine, opened, engines):
    machine.trt.opens = False
    with pytest.raises(ProviderError, match="cannot open the engine"):
        opened()
    assert (len(machine.trt.builds), engines()) == (1, [])


def test_the_folder_is_the_users_alone(opened, engines):
    opened()
    (path,) = engines()
    assert path.parent.stat().st_mode & 0o077 == 0
    assert path.stat().st_mode & 0o077 == 0


def test_an_engine_that_others_may_have_written_is_not_run(opened, engines, caplog):
    opened()
    (path,) = engines()
    path.chmod(0o666)
    assert opened() == 2
    assert f"{path}: others may have written it" in caplog.text
    assert path.stat().st_mode & 0o777 == 0o600  # the new one
    assert opened() == 2


def test_an_engine_of_another_user_is_not_run(opened, engines):
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to somebody else")
    opened()
    os.chown(engines()[0], 12345, -1)
    assert opened() == 2


def test_a_build_that_dies_leaves_no_engine(machine, opened, engines):
    def die():
        raise MemoryError("killed")

    machine.trt.at_step = die
    with pytest.raises(MemoryError):
        opened()
    assert engines() == []
    machine.trt.at_step = lambda: None
    assert [opened(), len(engines())] == [2, 1]


def test_a_folder_that_cannot_be_written_is_told_with_the_remedy(opened, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(ProviderError, match=r"file/engines: .*set EDGE_COMPRESS_CACHE or `cache`"):
        opened(cache=blocked / "engines")


def test_timings_are_kept_for_the_next_build_of_this_tensorrt(machine, opened):
    opened()
    opened(precision="fp16")
    assert [build["timings"] for build in machine.trt.builds] == [b"", b"timings of 10.3.0"]
    machine.install("10.13.3.9")
    opened()
    assert machine.trt.builds[0]["timings"] == b""
    opened(precision="fp16", timing_cache=False)
    assert machine.trt.builds[1]["timings"] is None


@pytest.mark.parametrize("content", [b"damaged", b"timings of 8.6.1"])
def test_timings_that_do_not_fit_are_left_out(machine, opened, engines, content):
    opened()
    (timings,) = engines()[0].parent.glob("timing-*.cache")
    timings.write_bytes(content)
    opened(precision="fp16")
    assert machine.trt.builds[1]["timings"] == b""
    assert timings.read_bytes() == b"timings of 10.3.0"


def test_two_that_want_the_same_engine_build_it_once(machine, opened):
    begun, go_on = threading.Event(), threading.Event()

    def hold():
        begun.set()
        go_on.wait()

    machine.trt.at_step = hold
    first = threading.Thread(target=opened)
    first.start()
    begun.wait()
    second = threading.Thread(target=opened)
    second.start()
    go_on.set()
    first.join()
    second.join()
    assert len(machine.trt.builds) == 1


def test_a_lock_that_another_process_holds_is_waited_for_and_given_up_on_demand(
    machine, opened, engines
):
    opened()
    lock = engines()[0].with_suffix(".lock")
    program = "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, 2); print(1); input()"
    command = [sys.executable, "-uc", program, str(lock)]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert other.stdout.readline() == b"1\n"
        model = ModelFile.of(opened.path)
        with pytest.raises(ProviderError, match="gave up waiting for another process"):
            obtain(load(), model, TensorrtOptions(), lambda _: False, rebuild=True)
    finally:
        other.communicate(b"\n")


def test_an_interrupted_write_leaves_what_was_there(opened, engines, monkeypatch):
    opened()
    (path,) = engines()
    before = path.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ProviderError, match="No space left on device"):
        obtain(load(), ModelFile.of(opened.path), TensorrtOptions(), rebuild=True)
    assert path.read_bytes() == before
    assert [file for file in path.parent.iterdir() if file.name.startswith(".")] == []


@pytest.mark.parametrize("content", [None, b"", b"not a model", "truncated"])
def test_a_file_that_is_no_model_is_refused_by_name(machine, yolox_onnx, tmp_path, content):
    path = tmp_path / "bad.onnx"
    if content == "truncated":
        path.write_bytes(yolox_onnx.read_bytes()[:100_000])
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises((ModelError, ProviderError), match=r"bad\.onnx") as error:
        TensorrtSession(path)
    assert "\n" not in str(error.value)
    assert machine.trt.builds == []


def test_the_header_tells_what_the_engine_is(opened, engines):
    opened(precision="fp16")
    content = engines()[0].read_bytes()
    start = content.index(b"{")
    header, _ = json.JSONDecoder().raw_decode(content[start:].decode("latin-1"))
    assert header["key"]["tensorrt"] == "10.3.0"
    assert header["key"]["gpu"] == ["Orin", "8.7", 8]
    assert header["key"]["built_for"]["precision"] == "fp16"
    assert header["seconds"] >= 0
