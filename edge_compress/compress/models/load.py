"""From what a recipe calls its model to a candidate that passes can work on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from edge_compress.bundle.schema import InputSpec, Task
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.models.errors import ModelSourceError
from edge_compress.compress.models.factory import load_factory
from edge_compress.compress.models.onnx_file import read_onnx
from edge_compress.compress.models.onnx_import import import_onnx, native_input
from edge_compress.compress.models.torchvision_model import IMAGENET_INPUT, load_torchvision
from edge_compress.compress.models.tuple_output import TupleOutput
from edge_compress.errors import EdgeCompressError
from edge_compress.vision import heads
from edge_compress.vision.labels import load_labels
from edge_compress.vision.thresholds import Thresholds

if TYPE_CHECKING:
    from edge_compress.compress.recipe import ModelConfig

TORCHVISION = "torchvision:"


def load_model(config: ModelConfig, task: Task) -> Candidate:
    """Load a model and see that its outputs fit its head.

    Raises:
        ModelSourceError: naming the file or function, what is wrong, and what to do.
    """
    labels = load_labels("coco") if config.labels == "coco" else tuple(config.labels)
    source = config.source
    if source.endswith(".onnx"):
        file = read_onnx(Path(source))
        spec = native_input(file, config.input)
        module, names = import_onnx(file, spec), file.output_names
    elif source.startswith(TORCHVISION):
        module, known = load_torchvision(source.removeprefix(TORCHVISION), config.weights)
        module, spec, names = TupleOutput(module), config.input or IMAGENET_INPUT, ()
        labels = labels or known
    elif ":" in source:
        if config.input is None:
            raise ModelSourceError(
                f"{source}: `model.input` is needed for a factory: "
                "height, width, color, scale, mean, std"
            )
        module, spec, names = TupleOutput(load_factory(source, config.weights)), config.input, ()
    else:
        raise ModelSourceError(
            f"{source}: not a model source; give a path that ends in .onnx, "
            "torchvision:NAME, or package.module:factory"
        )
    module.eval()
    outputs = _outputs(source, module, spec)
    candidate = Candidate(
        module=module,
        input=spec,
        head=config.head,
        labels=labels or _numbered(config, outputs),
        task=task,
        output_names=names or _named(len(outputs)),
    )
    _check_head(source, candidate, outputs)
    return candidate


def _outputs(source: str, module: nn.Module, spec: InputSpec) -> tuple[torch.Tensor, ...]:
    try:
        with torch.no_grad():
            outputs = module(torch.zeros(1, 3, spec.height, spec.width))
    except Exception as error:
        raise ModelSourceError(
            f"{source}: does not run on float32 [1, 3, {spec.height}, {spec.width}]: "
            f"{type(error).__name__}: {error}"
        ) from error
    if not outputs or not all(isinstance(value, torch.Tensor) for value in outputs):
        raise ModelSourceError(f"{source}: must return a tensor or several, got {type(outputs)}")
    return tuple(outputs)


def _named(count: int) -> tuple[str, ...]:
    return ("output",) if count == 1 else tuple(f"output_{i}" for i in range(count))


def _numbered(config: ModelConfig, outputs: tuple[torch.Tensor, ...]) -> tuple[str, ...]:
    """Class names when nobody gave any: numbers, as many as the head has classes."""
    if config.head.kind == "nms-in-graph":
        raise ModelSourceError(f"{config.source}: give `model.labels`; the graph does not say them")
    classes = {
        "classifier": lambda: outputs[0].shape[-1],
        "yolox": lambda: outputs[0].shape[-1] - 5,
        "yolov8": lambda: outputs[0].shape[1] - 4,
        "ssd": lambda: outputs[-1].shape[-1],
        "detr": lambda: outputs[0].shape[-1],
    }[config.head.kind]()
    return tuple(str(i) for i in range(max(1, classes)))


def _check_head(source: str, candidate: Candidate, outputs: tuple[torch.Tensor, ...]) -> None:
    """Decode one blank frame, as the detector will."""
    try:
        heads.decode(
            [value.numpy() for value in outputs],
            candidate.head,
            candidate.output_names,
            candidate.input,
            Thresholds(),
        )
    except EdgeCompressError as error:
        shapes = ", ".join(
            f"{name} {list(value.shape)}"
            for name, value in zip(candidate.output_names, outputs, strict=True)
        )
        raise ModelSourceError(
            f"{source}: its outputs ({shapes}) do not fit `model.head` {candidate.head.kind!r}: "
            f"{error}"
        ) from error
