"""From what a recipe calls its model to a candidate that passes can work on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge_compress.bundle.schema import Task
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.models.errors import ModelSourceError
from edge_compress.compress.models.factory import load_factory
from edge_compress.compress.models.head_fit import check_head, fitting_labels, outputs_of
from edge_compress.compress.models.onnx_file import read_onnx
from edge_compress.compress.models.onnx_import import import_onnx, native_input
from edge_compress.compress.models.torchvision_model import IMAGENET_INPUT, load_torchvision
from edge_compress.compress.models.tuple_output import TupleOutput
from edge_compress.compress.recipe_path import TORCHVISION
from edge_compress.vision.labels import load_labels

if TYPE_CHECKING:
    from edge_compress.compress.recipe import ModelConfig


def load_model(config: ModelConfig, task: Task, class_names: tuple[str, ...] = ()) -> Candidate:
    """Load a model and see that its outputs fit its head.

    Args:
        config: where it comes from and how it is read.
        task: what it does.
        class_names: labels to take where neither `config` nor the model brings any.

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
    elif config.is_factory:
        if config.input is None:
            raise ModelSourceError(
                f"{source}: `model.input` is needed for a factory: "
                "height, width, color, scale, mean, std"
            )
        made = load_factory(source, config.weights, config.arguments)
        module, spec, names = TupleOutput(made), config.input, ()
    else:
        raise ModelSourceError(
            f"{source}: not a model source; give a path that ends in .onnx, "
            "torchvision:NAME, or package.module:factory"
        )
    module.eval()
    whose = "`model.labels`" if labels else "`data`"
    outputs = outputs_of(source, module, spec)
    names = names or _named(len(outputs))
    check_head(source, config.head, names, spec, outputs)
    return Candidate(
        module=module,
        input=spec,
        head=config.head,
        labels=fitting_labels(source, config.head, outputs, labels or class_names, whose),
        task=task,
        output_names=names,
    )


def _named(count: int) -> tuple[str, ...]:
    return ("output",) if count == 1 else tuple(f"output_{i}" for i in range(count))
