"""Weights of Keras give the same results in torch; what does not fit is told."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pytest
import torch
from torch import nn

from edge_compress import assets
from edge_compress.compress.data import Cifar10Config, open_data
from edge_compress.compress.models import ModelSourceError, load_model
from edge_compress.compress.models.keras_h5 import convert, load_keras_h5
from edge_compress.compress.networks.resnet8 import resnet8
from edge_compress.compress.recipe import ModelConfig
from edge_compress.vision.preprocess import preprocess

RESNET8 = {
    "source": "edge_compress.compress.networks.resnet8:resnet8",
    "input": {
        "height": 32,
        "width": 32,
        "color": "rgb",
        "scale": 1 / 127.5,
        "mean": (1, 1, 1),
        "fit": "stretch",
    },
    "head": {"kind": "classifier"},
}


@pytest.mark.slow
def test_the_resnet_of_keras_knows_822_of_1000_photos(tmp_path):
    path = convert(assets.fetch("resnet8_cifar10.h5"), resnet8(), tmp_path / "weights.pth")
    candidate = load_model(ModelConfig(**RESNET8, weights=path), "classification")
    data = Cifar10Config(format="cifar10", folder="asset:cifar10")
    held_out = open_data(data, data.class_names).held_out
    inputs = torch.cat([torch.from_numpy(preprocess(f, candidate.input)[0]) for f in held_out])
    with torch.no_grad():
        found = torch.cat([candidate.module(batch)[0].argmax(1) for batch in inputs.split(250)])
    wanted = torch.tensor([int(label.class_ids[0]) for label in held_out.truth])
    assert len(wanted) == 10_000
    assert (found == wanted).float().mean().item() == pytest.approx(0.8222, abs=2e-4)


def test_a_recipe_can_name_the_file_itself():
    config = ModelConfig(**RESNET8, weights="asset:resnet8_cifar10.h5")
    module = load_model(config, "classification").module.module
    state = load_keras_h5(assets.fetch("resnet8_cifar10.h5"), resnet8()).tensors
    assert torch.equal(module.output.weight, state["output.weight"])
    assert module.bn.running_var.mean() != 1


def save(path, *layers) -> None:
    """Write a file as Keras 2 does; a layer is its kind and its weights by name."""
    with h5py.File(path, "w") as file:
        config = []
        for i, (kind, weights) in enumerate(layers):
            name = f"layer_{i}"
            group = file.create_group(f"model_weights/{name}")
            group.attrs["weight_names"] = [f"{name}/{key}:0".encode() for key in weights]
            for key, value in weights.items():
                group[f"{name}/{key}:0"] = value
            config.append({"class_name": kind, "config": {"name": name}})
        file.attrs["model_config"] = json.dumps({"config": {"layers": config}})


def test_every_kind_of_layer_computes_what_keras_does(tmp_path):
    random = np.random.default_rng(0)
    kernel = random.normal(size=(3, 3, 2, 4)).astype(np.float32)
    deep = random.normal(size=(3, 3, 4, 1)).astype(np.float32)
    dense = random.normal(size=(4, 5)).astype(np.float32)
    save(
        tmp_path / "model.h5",
        ("InputLayer", {}),
        ("Conv2D", {"kernel": kernel, "bias": np.arange(4, dtype=np.float32)}),
        ("DepthwiseConv2D", {"depthwise_kernel": deep}),
        ("Dense", {"kernel": dense, "bias": np.zeros(5, np.float32)}),
    )
    module = nn.Sequential(
        nn.Conv2d(2, 4, 3),
        nn.Conv2d(4, 4, 3, groups=4, bias=False),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4, 5),
    )
    load_keras_h5(tmp_path / "model.h5", module).load_into(module)
    image = random.normal(size=(5, 5, 2)).astype(np.float32)  # channels last, as Keras has it
    windows = np.lib.stride_tricks.sliding_window_view(image, (3, 3), axis=(0, 1))
    first = np.einsum("yxcij,ijco->yxo", windows, kernel) + np.arange(4)
    second = np.einsum("ijc,ijc->c", first, deep[..., 0])
    found = module(torch.from_numpy(image.transpose(2, 0, 1)[None].copy()))
    np.testing.assert_allclose(found[0].detach().numpy(), second @ dense, rtol=1e-3, atol=1e-3)


CONV = ("Conv2D", {"kernel": np.zeros((3, 3, 2, 4), np.float32)})


@pytest.mark.parametrize(
    ("layers", "told"),
    [
        ([CONV, CONV], "has 2 layers with weights, the model has 1"),
        ([("Dense", {"kernel": np.zeros((2, 4), np.float32)})], "'layer_0' is a Dense.*a Conv2d"),
        ([("LSTM", {"kernel": np.zeros((2, 4), np.float32)})], "is a LSTM, which cannot"),
        ([CONV], "missing.*0.bias"),
    ],
)
def test_weights_of_another_network_are_refused(tmp_path, layers, told):
    save(tmp_path / "model.h5", *layers)
    module = nn.Sequential(nn.Conv2d(2, 4, 3))
    with pytest.raises(ModelSourceError, match=rf"(?s)model\.h5.*{told}"):
        load_keras_h5(tmp_path / "model.h5", module).load_into(module)


@pytest.mark.parametrize("content", [b"", b"no HDF5", None])
def test_a_file_that_keras_did_not_save_is_refused(tmp_path, content):
    path = tmp_path / "model.h5"
    if content is None:
        h5py.File(path, "w").close()
    else:
        path.write_bytes(content)
    with pytest.raises(ModelSourceError, match=r"model\.h5.*not a whole model"):
        load_keras_h5(path, resnet8())


def test_batch_norm_without_gamma_and_beta_has_what_keras_computes_with(tmp_path):
    mean, variance = np.arange(3, dtype=np.float32), np.full(3, 4.0, np.float32)
    moving = {"moving_mean": mean, "moving_variance": variance}
    path = tmp_path / "model.h5"
    save(path, ("BatchNormalization", moving))  # scale=False, center=False
    module = nn.Sequential(nn.BatchNorm2d(3))
    load_keras_h5(path, module).load_into(module)
    state = module.state_dict()
    assert state["0.weight"].tolist() == [1, 1, 1]
    assert state["0.bias"].tolist() == [0, 0, 0]
    assert state["0.running_var"].tolist() == [4, 4, 4]
