"""Models from torchvision and from a user's own code."""

from __future__ import annotations

import pickle

import pytest
import torch
import torchvision

from edge_compress.bundle.schema import InputSpec
from edge_compress.compress.models import ModelSourceError, load_model
from edge_compress.compress.recipe import ModelConfig

CLASSIFIER = {"kind": "classifier"}
YOLOX = {"kind": "yolox", "strides": [8]}
INPUT = InputSpec(height=64, width=64)


def load(source, head=CLASSIFIER, **given):
    task = "classification" if head["kind"] == "classifier" else "detection"
    return load_model(ModelConfig(source=source, head=head, **given), task)


def refused(source, head=CLASSIFIER, **given) -> str:
    with pytest.raises(ModelSourceError) as caught:
        load(source, head, **given)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.fixture
def five_classes(tmp_path):
    path = tmp_path / "weights.pth"
    torch.save(torchvision.models.resnet18(num_classes=5).state_dict(), path)
    return path


def test_a_torchvision_classifier_takes_its_classes_from_its_weights(five_classes):
    candidate = load("torchvision:resnet18", weights=five_classes)
    assert candidate.labels == ("0", "1", "2", "3", "4")
    assert candidate.module(torch.zeros(2, 3, 64, 64))[0].shape == (2, 5)


def test_a_torchvision_classifier_is_fed_as_it_was_trained(five_classes):
    spec = load("torchvision:resnet18", weights=five_classes).input
    assert (spec.height, spec.width, spec.color) == (224, 224, "rgb")
    assert spec.scale == pytest.approx(1 / 255)
    assert spec.mean == pytest.approx((0.485, 0.456, 0.406))


def test_a_recipes_own_input_and_labels_win(five_classes):
    labels = ("a", "b", "c", "d", "e")
    candidate = load("torchvision:resnet18", weights=five_classes, labels=labels, input=INPUT)
    assert (candidate.labels, candidate.input) == (labels, INPUT)


def test_an_unknown_torchvision_name_is_refused():
    assert "no classifier of that name" in refused("torchvision:resnet19")


def test_default_weights_that_cannot_be_fetched_are_told(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for proxy in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(proxy, "http://127.0.0.1:9")
    message = refused("torchvision:squeezenet1_1")
    assert "cannot be downloaded" in message
    assert "`model.weights`" in message


def test_weights_of_another_model_are_refused_with_what_differs(five_classes):
    message = refused("torchvision:resnet34", weights=five_classes)
    assert str(five_classes) in message
    assert "missing" in message
    assert "layer1.2" in message


def test_weights_that_would_run_code_are_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    path = tmp_path / "evil.pth"
    path.write_bytes(pickle.dumps(Evil()))
    assert "state dict" in refused("torchvision:resnet18", weights=path)
    torch.save({"x": Evil()}, path)
    assert "state dict" in refused("torchvision:resnet18", weights=path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [b"", b"nothing", b"PK\x03\x04"])
def test_a_broken_weights_file_is_refused(tmp_path, content):
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    assert str(path) in refused("torchvision:resnet18", weights=path)


def test_a_factory_gives_a_model_that_returns_a_tuple(tiny):
    candidate = load("tiny_detector:tiny", YOLOX, input=INPUT, labels=("cat", "dog"))
    (output,) = candidate.module(torch.zeros(2, 3, 64, 64))
    assert output.shape == (2, 64, 7)
    assert not candidate.module.training


def test_a_factorys_weights_are_loaded(tmp_path, tiny):
    trained = tiny.tiny()
    trained.head.bias.data.fill_(0.25)
    path = tmp_path / "weights.pth"
    torch.save({"state_dict": trained.state_dict()}, path)
    candidate = load("tiny_detector:tiny", YOLOX, input=INPUT, weights=path)
    assert torch.equal(candidate.module.module.head.bias, trained.head.bias)


def test_a_factory_needs_to_be_told_its_input(tiny):
    assert "`model.input`" in refused("tiny_detector:tiny", YOLOX)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("no_such_package.models:make", ("no_such_package", "install")),
        ("tiny_detector:make", ("'tiny_detector'", "'make'")),
        ("tiny_detector:broken", ("broken()", "RuntimeError: no such layer")),
        ("tiny_detector:no_module", ("no_module()", "int", "torch.nn.Module")),
        ("tiny_detector", ("not a model source", "torchvision:NAME")),
    ],
)
def test_what_goes_wrong_in_a_factory_is_one_line_with_its_name(tiny, source, told):
    message = refused(source, YOLOX, input=INPUT)
    assert source in message
    for words in told:
        assert words in message


def test_a_factory_whose_module_cannot_take_the_input_is_told(tiny):
    message = refused("tiny_detector:tiny", CLASSIFIER, input=INPUT)
    assert "`model.head` 'classifier'" in message
