"""The small networks are what their papers say, and go through ONNX."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch

from edge_compress.bundle.schema import ClassifierHead, InputSpec
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.counting import params_and_macs
from edge_compress.compress.export import export_fp32
from edge_compress.compress.networks.mlp import mlp
from edge_compress.compress.networks.mobilenet_v2 import mobilenet_v2
from edge_compress.compress.networks.resnet8 import resnet8

CASES = {
    "mlp": (lambda: mlp(), 28, 784 * 500 + 500 + 500 * 10 + 10),
    "resnet8": (lambda: resnet8(), 32, 78_186),
    "mobilenet_v2": (lambda: mobilenet_v2(), 32, 2_236_682),
}


@pytest.mark.parametrize("name", CASES)
def test_a_network_has_the_size_that_is_published_and_the_same_outputs_in_onnx(name, tmp_path):
    make, size, parameters = CASES[name]
    torch.manual_seed(0)
    module = make().eval()
    spec = InputSpec(height=size, width=size)
    candidate = Candidate(module, spec, ClassifierHead(), tuple("0123456789"), "classification")
    assert params_and_macs(module, spec)[0] == parameters
    images = torch.randn(3, 3, size, size)
    with torch.no_grad():
        wanted = module(images).numpy()
    assert wanted.shape == (3, 10)
    export_fp32(candidate, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    for image, outputs in zip(images.numpy(), wanted, strict=True):
        (found,) = session.run(None, {"images": image[None]})
        np.testing.assert_allclose(found[0], outputs, atol=1e-4)


def test_the_resnet_has_the_work_that_is_published():
    _, macs = params_and_macs(resnet8(), InputSpec(height=32, width=32))
    assert macs == pytest.approx(12.5e6, rel=0.01)


def test_the_perceptron_sees_one_channel_of_the_three_equal_ones():
    module = mlp(hidden=7, classes=3, size=4)
    grey = torch.rand(2, 1, 4, 4).expand(2, 3, 4, 4)
    assert module.hidden.weight.shape == (7, 16)
    assert torch.equal(module(grey), module(grey[:, :1]))


def test_the_resnet_pads_as_keras_does_where_it_halves_the_picture():
    block = resnet8().blocks[1]
    images = torch.zeros(1, 16, 8, 8)
    images[..., 0, 0] = 1  # the top left of the first kernel; padded all around, its middle
    with torch.no_grad():
        block.conv1.bias.zero_()
        seen = block.conv1(block.pad(images))
        torch.testing.assert_close(seen[0, :, 0, 0], block.conv1.weight[:, :, 0, 0].sum(1))
    assert seen.shape[-2:] == (4, 4)


def test_the_width_of_mobilenet_can_be_chosen_and_it_keeps_16_features_of_a_small_picture():
    module = mobilenet_v2(width=0.25, classes=4)
    features = module.features(torch.zeros(1, 3, 32, 32))
    assert features.shape[-2:] == (4, 4)
    assert module.features[3].conv[1][0].groups < mobilenet_v2().features[3].conv[1][0].groups
    assert module(torch.zeros(2, 3, 32, 32)).shape == (2, 4)


def test_a_stride_in_the_stem_of_mobilenet_saves_three_quarters_of_the_work():
    spec = InputSpec(height=32, width=32)
    _, whole = params_and_macs(mobilenet_v2(), spec)
    _, strided = params_and_macs(mobilenet_v2(stem_stride=2), spec)
    assert strided == pytest.approx(whole / 4, rel=0.05)
