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


MLP = "edge_compress.compress.networks.mlp:mlp"


def test_a_factory_gets_its_arguments():
    candidate = load(MLP, input=INPUT, arguments={"hidden": 6, "classes": 3, "size": 64})
    assert candidate.module.module.hidden.out_features == 6
    assert candidate.labels == ("0", "1", "2")


def test_arguments_that_a_factory_does_not_take_are_told_with_those_that_it_takes():
    message = refused(MLP, input=INPUT, arguments={"hiden": 6})
    assert "`model.arguments`" in message
    assert "'hiden'" in message
    assert "hidden=500" in message


def test_arguments_that_a_factory_chokes_on_are_told():
    assert "mlp()" in refused(MLP, input=INPUT, arguments={"hidden": "many"})


@pytest.mark.parametrize("source", ["torchvision:resnet18", "model.onnx"])
def test_arguments_for_what_is_no_factory_are_refused(source):
    with pytest.raises(ValueError, match="`arguments` are for a factory"):
        ModelConfig(source=source, head=CLASSIFIER, arguments={"hidden": 6})


def test_the_names_of_the_data_are_taken_where_nobody_gives_others():
    arguments = {"size": 64, "classes": 2}
    config = ModelConfig(source=MLP, head=CLASSIFIER, input=INPUT, arguments=arguments)
    assert load_model(config, "classification", ("cat", "dog")).labels == ("cat", "dog")
    given = config.model_copy(update={"labels": ("a", "b")})
    assert load_model(given, "classification", ("cat", "dog")).labels == ("a", "b")
    with pytest.raises(ModelSourceError, match="has 2 classes, but `data` has 3 names: cat, dog"):
        load_model(config, "classification", ("cat", "dog", "cow"))


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
