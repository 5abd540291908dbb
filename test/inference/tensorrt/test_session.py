"""A TensorRT engine as a session, on a fake with TensorRT's documented semantics."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from fake_cuda import Error
from onnx import TensorProto, helper

from edge_compress.inference.detector import Detector
from edge_compress.inference.onnxruntime_session import OrtSession
from edge_compress.inference.options import RuntimeOptions, TensorrtOptions
from edge_compress.inference.session import ModelError, ProviderError
from edge_compress.inference.tensorrt.session import TensorrtSession

VERSIONS = ("8.5.3", "8.6.1", "10.3.0", "10.13.3.9", "11.4.0.106")


def options(**tensorrt):
    return RuntimeOptions(tensorrt=TensorrtOptions(**tensorrt))


def images(count, *, height=64, width=96):
    random = np.random.default_rng(0)
    return [random.random((1, 3, height, width), np.float32) * 255 for _ in range(count)]


@pytest.mark.parametrize("version", VERSIONS)
def test_it_gives_what_the_model_gives_with_every_tensorrt(machine, make_detector_onnx, version):
    machine.install(version)
    path = make_detector_onnx()
    session, reference = TensorrtSession(path), OrtSession(path, threads=1)
    assert (session.provider, session.input_name) == ("tensorrt", "images")
    assert session.input_shape == (1, 3, 64, 96)
    assert session.output_names == reference.output_names
    outputs = [session.run(image)[0] for image in images(4)]
    # Compared at the end: each run's output must stay what it was.
    for image, found in zip(images(4), outputs, strict=True):
        np.testing.assert_allclose(found, reference.run(image)[0], rtol=1e-6)


def test_a_detector_takes_it_before_all_others(machine, make_bundle):
    detector = Detector.open(make_bundle())
    assert (detector.provider, detector.fallbacks) == ("tensorrt", ())
    frame = np.zeros((64, 96, 3), np.uint8)
    frame[8:16, 16:24] = (0, 0, 255)
    for _ in range(3):
        found = detector.detect(frame)
        assert (found.names, found.boxes.tolist()) == (("red",), [[12, 4, 28, 20]])


def test_after_the_first_run_a_frame_is_one_graph(machine, make_detector_onnx):
    session = TensorrtSession(make_detector_onnx())
    for image in images(3):
        session.run(image)
    machine.cuda.calls.clear()
    session.run(images(1)[0])
    assert machine.cuda.calls == ["cudaSetDevice", "cudaGraphLaunch", "cudaStreamSynchronize"]


@pytest.mark.parametrize("refused", ["by the network", "by CUDA", "by the user"])
def test_without_a_graph_it_runs_as_well(machine, make_detector_onnx, refused):
    machine.trt.refuses_graph = refused == "by the network"
    if refused == "by CUDA":
        machine.cuda.fails["cudaGraphInstantiateWithFlags"] = Error.cudaErrorInvalidValue
    path = make_detector_onnx()
    session = TensorrtSession(path, options=options(cuda_graph=refused != "by the user"))
    reference = OrtSession(path, threads=1)
    for image in images(4):
        np.testing.assert_allclose(session.run(image)[0], reference.run(image)[0], rtol=1e-6)
    assert "cudaGraphLaunch" not in machine.cuda.calls
    # It is not tried again at each frame.
    assert machine.cuda.calls.count("cudaStreamBeginCapture") <= 1
    session.close()
    assert machine.cuda.left == 0


def test_nothing_is_left_when_it_is_closed(machine, make_detector_onnx):
    session = TensorrtSession(make_detector_onnx())
    for image in images(3):
        session.run(image)
    assert machine.cuda.left > 0
    session.close()
    session.close()
    assert machine.cuda.left == 0
    with pytest.raises(ProviderError, match="closed"):
        session.run(images(1)[0])


def test_a_tensor_of_another_shape_is_refused_and_the_next_frame_runs(machine, make_detector_onnx):
    session = TensorrtSession(make_detector_onnx())
    with pytest.raises(ProviderError, match=r"takes \[1, 3, 64, 96\].*got \[1, 3, 64, 64\]"):
        session.run(images(1, width=64)[0])
    assert len(session.run(images(1)[0])) == 1


def test_a_free_batch_runs_in_the_range_asked_for(machine, tmp_path):
    path = tmp_path / "free.onnx"
    mean = helper.make_node("ReduceMean", ["images"], ["means"], axes=[2, 3], keepdims=0)
    save(path, [mean], ("n", 3, 8, 8), {"means": ("n", 3)})
    session = TensorrtSession(path, options=options(batch=(1, 2, 4)))
    assert session.input_shape == (None, 3, 8, 8)
    profile = machine.trt.builds[0]["profile"]
    assert profile == {"images": ((1, 3, 8, 8), (2, 3, 8, 8), (4, 3, 8, 8))}
    for count in (1, 4, 4, 2, 2, 2):
        batch = np.random.default_rng(count).random((count, 3, 8, 8), np.float32)
        np.testing.assert_allclose(session.run(batch)[0], batch.mean((2, 3)), rtol=1e-5)
    with pytest.raises(ProviderError, match=r"to \[4, 3, 8, 8\], got \[5, 3, 8, 8\]"):
        session.run(np.zeros((5, 3, 8, 8), np.float32))
    session.close()
    assert machine.cuda.left == 0


def test_a_free_size_is_the_bundles(machine, tmp_path):
    path = tmp_path / "free.onnx"
    mean = helper.make_node("ReduceMean", ["images"], ["means"], axes=[2, 3], keepdims=0)
    save(path, [mean], (1, 3, "h", "w"), {"means": (1, 3)})
    with pytest.raises(ModelError, match=r"input size free \(\[1, 3, -1, -1\]\): give `size`"):
        TensorrtSession(path)
    session = TensorrtSession(path, options=RuntimeOptions().for_size(16, 24))
    assert session.input_shape == (1, 3, 16, 24)


def test_outputs_whose_size_depends_on_the_frame(machine, tmp_path):
    path = tmp_path / "found.onnx"
    bright = [
        helper.make_node("Greater", ["images", "limit"], ["mask"]),
        helper.make_node("NonZero", ["mask"], ["places"]),
    ]
    limit = helper.make_tensor("limit", TensorProto.FLOAT, [1], [0.5])
    kinds = {"places": TensorProto.INT64}
    save(path, bright, (1, 3, 8, 8), {"places": (4, "found")}, [limit], kinds)
    session = TensorrtSession(path)
    for count in (3, 0, 40, 7):
        image = np.zeros((1, 3, 8, 8), np.float32)
        image.reshape(-1)[:count] = 1
        (places,) = session.run(image)
        np.testing.assert_array_equal(places, np.nonzero(image > 0.5))
    assert "cudaStreamBeginCapture" not in machine.cuda.calls
    session.close()
    assert machine.cuda.left == 0


def test_half_outputs_come_as_float(machine, tmp_path):
    path = tmp_path / "half.onnx"
    cast = helper.make_node("Cast", ["images"], ["halves"], to=TensorProto.FLOAT16)
    kinds = {"halves": TensorProto.FLOAT16}
    save(path, [cast], (1, 3, 8, 8), {"halves": (1, 3, 8, 8)}, kinds=kinds)
    image = images(1, height=8, width=8)[0]
    (found,) = TensorrtSession(path).run(image)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, image.astype(np.float16))


def test_a_run_that_fails_says_tensorrts_reason_in_a_line(machine, make_detector_onnx):
    session = TensorrtSession(make_detector_onnx())
    machine.trt.fails = True
    with pytest.raises(ProviderError, match="^TensorRT failed: enqueueV3 failed$"):
        session.run(images(1)[0])


def test_a_detector_falls_back_when_the_gpu_is_lost(machine, make_bundle):
    detector = Detector.open(make_bundle(), providers=("tensorrt", "cpu"))
    frame = np.zeros((64, 96, 3), np.uint8)
    detector.detect(frame)
    machine.cuda.fails["cudaStreamSynchronize"] = Error.cudaErrorIllegalAddress
    assert len(detector.detect(frame)) == 0
    assert detector.provider == "cpu"
    assert detector.fallbacks == ("tensorrt: CUDA: cudaErrorIllegalAddress (error 700)",)


@pytest.mark.parametrize("function", ["cudaMalloc", "cudaHostAlloc"])
def test_too_little_memory_is_an_error_that_leaves_none_behind(
    machine, make_detector_onnx, function
):
    session = TensorrtSession(make_detector_onnx())
    machine.cuda.fails[function] = Error.cudaErrorMemoryAllocation
    with pytest.raises(ProviderError, match="cudaErrorMemoryAllocation"):
        session.run(images(1)[0])
    machine.cuda.fails.clear()
    assert machine.cuda.memory == machine.cuda.pinned == {}
    assert len(session.run(images(1)[0])) == 1


def test_another_gpu_is_chosen_by_its_number(machine, make_detector_onnx):
    path = make_detector_onnx()
    TensorrtSession(path, options=RuntimeOptions(device_id=1))
    with pytest.raises(ProviderError, match="no GPU 2: CUDA counts 2, from 0"):
        TensorrtSession(path, options=RuntimeOptions(device_id=2))


def test_a_model_that_is_not_of_images_is_refused(machine, tmp_path):
    path = tmp_path / "flat.onnx"
    save(path, [helper.make_node("Identity", ["images"], ["same"])], (1, 8), {"same": (1, 8)})
    with pytest.raises(ModelError, match=r"needs an image input.*has images \[1, 8\]"):
        TensorrtSession(path)


def save(path, nodes, shape, outputs, weights=(), kinds=None):
    """Write a model with the input ``images`` and these outputs by name."""
    kinds = kinds or {}
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)],
        [
            helper.make_tensor_value_info(name, kinds.get(name, TensorProto.FLOAT), sizes)
            for name, sizes in outputs.items()
        ],
        list(weights),
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
