"""Whole models of many kinds and sizes, none of which is in a device table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import torch
from onnxruntime.quantization import CalibrationDataReader, quantize_static
from torch import nn
from torchvision import models as vision

from edge_compress import assets
from edge_compress.bundle.schema import ClassifierHead, InputSpec, YoloxHead
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.export import export_fp32
from edge_compress.compress.models import load_model
from edge_compress.compress.networks.mlp import mlp
from edge_compress.compress.networks.mobilenet_v2 import mobilenet_v2
from edge_compress.compress.networks.resnet8 import resnet8
from edge_compress.compress.networks.small_classifier import small_classifier
from edge_compress.compress.recipe import ModelConfig
from edge_compress.inference.unpacked import unpacked

YOLOX_SIZES = ((416, 416), (320, 416), (256, 320), (192, 256))
INTEGER = (
    "MobileNetV2 x1, stride 8, 32",
    "MobileNetV2 x0.35, 128 x 128",
    "ResNet-8, 64",
    "ResNet-18, 64 x 64",
)
# Stages, width, kernel, block, activation and side of networks of the family that is searched.
_SEARCHED = (
    (2, 16, 3, "plain", "relu", 32),
    (3, 24, 5, "plain", "silu", 64),
    (3, 32, 3, "residual", "relu", 64),
    (4, 20, 3, "residual", "leaky_relu", 96),
    (3, 16, 3, "inverted", "relu", 64),
    (4, 32, 5, "inverted", "hardswish", 128),
)


class Subject(NamedTuple):
    """A model to be timed and predicted; height and width in pixels."""

    name: str
    family: str
    make: Callable[[], nn.Module]
    height: int
    width: int


class Plain(nn.Module):
    """Convolutions one after the other, float32 [n, 3, h, w] to logits [n, 10]."""

    def __init__(self, widths: tuple[int, ...], kernel: int, act: Callable[[], nn.Module]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for width in widths:
            layers += [nn.Conv2d(before, width, kernel, 2, kernel // 2), nn.BatchNorm2d(width)]
            layers += [act(), nn.Conv2d(width, width, kernel, 1, kernel // 2), act()]
            before = width
        self.layers = nn.Sequential(*layers)
        self.output = nn.Linear(before, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:  # noqa: D102
        features: torch.Tensor = self.layers(images)
        logits: torch.Tensor = self.output(features.mean((2, 3)))
        return logits


def _resnet(blocks: tuple[int, int, int, int], groups: int = 1, width: int = 64) -> nn.Module:
    module: nn.Module = vision.ResNet(
        vision.resnet.BasicBlock if groups == 1 else vision.resnet.Bottleneck,
        list(blocks),
        num_classes=10,
        groups=groups,
        width_per_group=width,
    )
    return module


def _deep(sizes: tuple[int, ...]) -> nn.Module:
    layers: list[nn.Module] = [nn.Flatten()]
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after), nn.SiLU()]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], 10))


def subjects() -> Iterator[Subject]:
    """All that is made here; the YOLOX-Nano of `yolox_files` comes besides."""
    for width, size in [(0.35, 32), (0.5, 32), (1.0, 32), (0.75, 48), (0.5, 64), (1.0, 64)]:
        yield Subject(
            f"MobileNetV2 x{width:g}, stride 8, {size}",
            "MobileNetV2",
            lambda width=width: mobilenet_v2(width),
            size,
            size,
        )
    for width, high, wide in [(0.35, 128, 128), (0.5, 160, 224), (1.0, 192, 192), (1.0, 224, 224)]:
        yield Subject(
            f"MobileNetV2 x{width:g}, {high} x {wide}",
            "MobileNetV2",
            lambda width=width: vision.mobilenet_v2(width_mult=width),
            high,
            wide,
        )
    for width, size in [(0.5, 96), (1.0, 160), (1.0, 224)]:
        yield Subject(
            f"MobileNetV3-Small x{width:g}, {size}",
            "MobileNetV3",
            lambda width=width: vision.mobilenet_v3_small(width_mult=width),
            size,
            size,
        )
    yield Subject("MobileNetV3-Large, 160", "MobileNetV3", vision.mobilenet_v3_large, 160, 160)
    yield Subject("EfficientNet-B0, 128", "EfficientNet", vision.efficientnet_b0, 128, 128)
    for size in (96, 224):
        yield Subject(
            f"ShuffleNetV2 x0.5, {size}", "ShuffleNet", vision.shufflenet_v2_x0_5, size, size
        )
    for size in (96, 192):
        yield Subject(f"SqueezeNet 1.1, {size}", "SqueezeNet", vision.squeezenet1_1, size, size)
    for size in (32, 64, 128):
        yield Subject(f"ResNet-8, {size}", "ResNet", resnet8, size, size)
    for blocks, high, wide in [
        ((1, 1, 1, 1), 64, 64),
        ((2, 2, 2, 2), 64, 64),
        ((2, 2, 2, 2), 128, 160),
        ((3, 4, 6, 3), 96, 96),
    ]:
        yield Subject(
            f"ResNet-{2 * sum(blocks) + 2}, {high} x {wide}",
            "ResNet",
            lambda blocks=blocks: _resnet(blocks),
            high,
            wide,
        )
    yield Subject("ResNeXt, 64", "ResNet", lambda: _resnet((1, 1, 1, 1), 8, 4), 64, 64)
    plains: list[tuple[tuple[int, ...], int, type[nn.Module], int]] = [
        ((16, 32, 64), 3, nn.ReLU, 64),
        ((16, 32, 64), 5, nn.SiLU, 64),
        ((20, 36, 60), 3, nn.LeakyReLU, 96),
        ((7, 19, 45, 70), 3, nn.ReLU, 128),
        ((24, 48, 96, 192), 3, nn.Hardswish, 96),
        ((32, 64, 128), 7, nn.ReLU6, 64),
        ((8, 8, 16, 16), 3, nn.Sigmoid, 224),
    ]
    for widths, kernel, act, size in plains:
        told = "-".join(map(str, widths))
        yield Subject(
            f"plain {told}, {kernel} x {kernel}, {act.__name__}, {size}",
            "plain",
            lambda widths=widths, kernel=kernel, act=act: Plain(widths, kernel, act),
            size,
            size,
        )
    for stages, width, kernel, block, activation, size in _SEARCHED:
        yield Subject(
            f"small_classifier {stages} x {width}, {kernel} x {kernel}, {block}, {activation}, "
            f"{size}",
            "small_classifier",
            partial(
                small_classifier,
                stages=stages,
                width=width,
                kernel=kernel,
                block=block,
                activation=activation,
            ),
            size,
            size,
        )
    for hidden in (100, 500, 2000):
        yield Subject(f"MLP {hidden}", "MLP", lambda hidden=hidden: mlp(hidden), 28, 28)
    for sizes in [(3072, 256, 256, 128), (3072, 1024, 512)]:
        told = "-".join(map(str, sizes))
        yield Subject(f"MLP {told}", "MLP", lambda sizes=sizes: _deep(sizes), 32, 32)


def write_all(folder: Path) -> dict[str, tuple[str, Path]]:
    """Export everything; by name, the family and the file."""
    files = {subject.name: (subject.family, _written(subject, folder)) for subject in subjects()}
    files.update({name: ("YOLOX-Nano", path) for name, path in _yolox(folder)})
    for name in INTEGER:
        path = folder / f"{_plain(name)}_int8.onnx"
        _quantize(files[name][1], path)
        files[f"{name}, INT8"] = ("INT8", path)
    return files


def _written(subject: Subject, folder: Path) -> Path:
    """Export one; its weights are random, and the same each time."""
    torch.manual_seed(0)
    candidate = Candidate(
        module=subject.make(),
        input=InputSpec(height=subject.height, width=subject.width),
        head=ClassifierHead(),
        labels=("any",),
        task="classification",
    )
    path = folder / f"{_plain(subject.name)}.onnx"
    export_fp32(candidate, path)
    return path


def _yolox(folder: Path) -> Iterator[tuple[str, Path]]:
    source = str(assets.fetch("yolox_nano.onnx"))
    model = ModelConfig(source=source, labels="coco", head=YoloxHead())
    candidate = load_model(model, "detection", ())
    for height, width in YOLOX_SIZES:
        path = folder / f"yolox_nano_{height}_{width}.onnx"
        export_fp32(candidate.with_input(height, width), path)
        yield f"YOLOX-Nano, {height} x {width}", path


def _quantize(source: Path, path: Path) -> None:
    """Static INT8 in pairs of QuantizeLinear and DequantizeLinear, calibrated on noise."""
    path.write_bytes(unpacked(source))  # batch norm fused, and constants folded
    taken = onnx.load(path).graph.input[0]
    shape = [one.dim_value for one in taken.type.tensor_type.shape.dim]
    frames = np.random.default_rng(0).random((2, *shape), dtype=np.float32)
    reader = iter([{taken.name: frame} for frame in frames])

    class Reader(CalibrationDataReader):  # type: ignore[misc]  # carries no types
        def get_next(self) -> dict[str, Any] | None:
            return next(reader, None)

    quantize_static(path, path, Reader(), per_channel=True, reduce_range=True)


def _plain(name: str) -> str:
    return name.replace(" ", "_").replace(",", "")
