"""An .onnx file as a torch module that can be trained and exported again."""

from __future__ import annotations

import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import version_converter
from onnx2torch import convert
from torch import Tensor, fx, nn

from edge_compress.bundle.schema import InputSpec
from edge_compress.compress.models.errors import ModelSourceError
from edge_compress.compress.models.onnx_file import BATCH, HEIGHT, WIDTH, OnnxFile
from edge_compress.compress.models.simplify import simplify

OLDER_OPSET = 17  # the last that onnx2torch knows nearly all of
TOLERANCE = 1e-3  # of the largest output; float32 kernels differ by about 1e-5


def import_onnx(file: OnnxFile, spec: InputSpec) -> nn.Module:
    """Convert, make free of the batch size, and compare with ONNX Runtime.

    The module maps float32 [n, 3, height, width] to a tuple of the graph's outputs, for any n, and
    for other image sizes where the graph's arithmetic allows.

    Args:
        file: the checked file.
        spec: its input, with the size the graph is to be run at.

    Raises:
        ModelSourceError: for an operator that cannot be converted, or a result that differs.
    """
    baked_batch = file.shape[BATCH] or 1
    example = _example(spec, baked_batch)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what they warn of is checked below against ONNX Runtime
        module = _converted(file, example)
        _check_against_runtime(file, module, example)
    _check_batch(file, module, spec)
    return module


def native_input(file: OnnxFile, given: InputSpec | None) -> InputSpec:
    """How the graph is fed: the recipe's `model.input`, completed and checked by the file.

    Raises:
        ModelSourceError: when the size is nowhere, or the two disagree.
    """
    height, width = file.shape[HEIGHT], file.shape[WIDTH]
    if given is None:
        if height is None or width is None:
            raise ModelSourceError(
                f"{file.path}: the file leaves the image size open; "
                "give `model.input.height` and `model.input.width`"
            )
        return InputSpec(name=file.input_name, height=height, width=width)
    if height not in (None, given.height) or width not in (None, given.width):
        raise ModelSourceError(
            f"{file.path}: made for {height} x {width} (height x width), but `model.input` says "
            f"{given.height} x {given.width}; to run it at another size, add a `resize_input` pass"
        )
    if "name" in given.model_fields_set and given.name != file.input_name:
        raise ModelSourceError(
            f"{file.path}: the input is called {file.input_name!r}, but `model.input.name` is "
            f"{given.name!r}; leave it out"
        )
    return given.model_copy(update={"name": file.input_name})


def _example(spec: InputSpec, batch: int) -> Tensor:
    """Pixels of noise, scaled as the network is used to."""
    pixels = torch.rand(
        (batch, 3, spec.height, spec.width), generator=torch.Generator().manual_seed(0)
    )
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (spec.mean, spec.std))
    return (pixels * 255 * spec.scale - mean) / std


def _converted(file: OnnxFile, example: Tensor) -> fx.GraphModule:
    try:
        module = _convert(file)
    except NotImplementedError as error:
        raise ModelSourceError(
            f"{file.path}: cannot be turned into a torch module: {error}; "
            "give the model as torchvision:NAME or package.module:factory instead"
        ) from error
    except Exception as error:
        raise ModelSourceError(
            f"{file.path}: cannot be turned into a torch module "
            f"({type(error).__name__}: {_first_line(error)})"
        ) from error
    try:
        module = simplify(module.eval(), example).eval()
    except Exception as error:
        raise ModelSourceError(
            f"{file.path}: does not run on an image of {tuple(example.shape)} "
            f"({type(error).__name__}: {_first_line(error)}); check `model.input`"
        ) from error
    return module


def _convert(file: OnnxFile) -> fx.GraphModule:
    """Convert; newer operators are tried as their forms of an older set, which say the same."""
    module: fx.GraphModule
    try:
        module = convert(file.proto)
    except NotImplementedError:
        if file.opset <= OLDER_OPSET:
            raise
        try:
            older = version_converter.convert_version(file.proto, OLDER_OPSET)
        except (RuntimeError, onnx.checker.ValidationError):  # there is no older form
            older = file.proto
        module = convert(older)
    return module


def _check_against_runtime(file: OnnxFile, module: nn.Module, example: Tensor) -> None:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(
            str(file.path), options, providers=["CPUExecutionProvider"]
        )
        expected = session.run(list(file.output_names), {file.input_name: example.numpy()})
    except Exception as error:
        raise ModelSourceError(
            f"{file.path}: ONNX Runtime cannot run it: {_first_line(error)}"
        ) from error
    with torch.no_grad():
        found = [value.numpy() for value in module(example)]
    if len(found) != len(expected):
        raise ModelSourceError(
            f"{file.path}: {len(expected)} outputs became {len(found)} in torch; "
            "give the model as package.module:factory instead"
        )
    for name, wanted, got in zip(file.output_names, expected, found, strict=True):
        difference = relative_difference(np.asarray(wanted), got)
        if difference > TOLERANCE:
            raise ModelSourceError(
                f"{file.path}: output {name!r} differs by {difference:.1e} of its range between "
                "ONNX Runtime and torch: an operator is not converted exactly; "
                "give the model as package.module:factory instead"
            )


def relative_difference(wanted: NDArray[np.float32], got: NDArray[np.float32]) -> float:
    """Largest difference, as a share of the largest magnitude; infinite when shapes differ."""
    if wanted.shape != got.shape:
        return float("inf")
    if not wanted.size:
        return 0.0
    difference = np.abs(wanted.astype(np.float64) - got)
    return float(difference.max() / max(float(np.abs(wanted).max()), 1e-6))


def _check_batch(file: OnnxFile, module: nn.Module, spec: InputSpec) -> None:
    """Two images together must give what each gives alone, or training would be silently wrong."""
    pair = _example(spec, 2)
    try:
        with torch.no_grad():
            together = module(pair)
            alone = [module(image[None]) for image in pair]
        same = all(
            relative_difference(torch.cat([one[i] for one in alone]).numpy(), value.numpy())
            <= TOLERANCE
            for i, value in enumerate(together)
        )
    except Exception as error:
        raise ModelSourceError(
            f"{file.path}: cannot be run in batches ({_first_line(error)}); "
            "export it with a dynamic batch axis"
        ) from error
    if not same:
        raise ModelSourceError(
            f"{file.path}: a batch of two gives other results than two batches of one; "
            "export it with a dynamic batch axis"
        )


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
