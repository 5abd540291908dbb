"""How fast a candidate or a single layer is in the runtime that will run it."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import nn

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.export import OPSET, ExportError, export_fp32
from edge_compress.compress.latency_model.model import LatencyModel
from edge_compress.compress.latency_model.of_target import latency_model
from edge_compress.compress.target import Target
from edge_compress.compress.timing import UNSURE, paired_ratio, provider_for
from edge_compress.inference.latency import sample_latency, time_in_turns
from edge_compress.inference.onnxruntime_session import PROVIDERS, session_options

ROUNDS = 40
LONGER = 4  # times as long
MODEL_SECONDS = 30.0  # of one comparison of models: large ones get fewer rounds
LAYER_SECONDS = 0.25
LAYER_ROUNDS = 1000  # a layer may take microseconds: more rounds, bounded by time

Samples = dict[str, NDArray[np.float64]]
Compare = Callable[[NDArray[np.float64], NDArray[np.float64]], float]


def latency_ratio(
    candidate: Candidate, base: Candidate, target: Target, folder: Path | None = None
) -> float:
    """Latency of a candidate by that of another, both as float ONNX, timed in turns.

    Where the target is a device table, both are predicted.

    Args:
        candidate: what is judged.
        base: what it is compared with.
        target: its threads and the provider nearest to it are used.
        folder: where the two files are written; None uses one that vanishes.

    Returns:
        The median of the ratios of neighbouring runs; below 1 the candidate is faster.

    Raises:
        DeviceTableError: the target's device table cannot be used.
        ExportError: when one of them cannot be written as ONNX.
    """
    model = latency_model(target)
    with _folder(folder) as place:
        paths = {"candidate": place / "candidate.onnx", "base": place / "base.onnx"}
        export_fp32(candidate, paths["candidate"])
        export_fp32(base, paths["base"])
        if model is not None:
            return model.predict(paths["candidate"]).ms / model.predict(paths["base"]).ms

        def sample(longer: int) -> Samples:
            return sample_latency(
                paths,
                threads=target.threads,
                rounds=ROUNDS * longer,
                seconds=MODEL_SECONDS * longer,
                provider=provider_for(target),
            )

        return _sure_ratio(sample, paired_ratio)


def layer_ratio(
    module: nn.Module, base_module: nn.Module, input_shape: Sequence[int], target: Target
) -> float:
    """Latency of one layer by that of another with the same input, each as an ONNX of its own.

    What a call of the runtime itself costs (microseconds) is in both, so that the ratio of tiny
    layers leans towards 1.

    Args:
        module: the layer that is judged.
        base_module: the layer that it would replace.
        input_shape: with the batch of one in front.
        target: its threads and the provider nearest to it are used.

    Returns:
        The ratio of the fastest runs; below 1 the first is faster. A run of some microseconds is
        interrupted or it is not: medians, also of pairs, follow whoever else uses the machine.

    Raises:
        ExportError: when one of them cannot be written as ONNX.
    """
    model = latency_model(target)
    if model is not None:
        new, old = (_predicted(model, one, input_shape) for one in (module, base_module))
        return new / old
    calls = {
        "candidate": _call(module, input_shape, target),
        "base": _call(base_module, input_shape, target),
    }
    return _sure_ratio(partial(_sample_layers, calls), _fastest_ratio)


def layer_milliseconds(
    layers: Mapping[str, tuple[nn.Module, Sequence[int]]], target: Target
) -> dict[str, float]:
    """Latency of single layers, each as an ONNX of its own, all timed in turns; the fastest runs.

    Args:
        layers: by name, each layer with its input's shape, a batch of one in front.
        target: its threads and the provider nearest to it are used.

    Raises:
        ExportError: when a layer cannot be written as ONNX.
    """
    model = latency_model(target)
    if model is not None:
        return {name: _predicted(model, one, shape) for name, (one, shape) in layers.items()}
    calls = {name: _call(layer, shape, target) for name, (layer, shape) in layers.items()}
    samples = time_in_turns(calls, rounds=LAYER_ROUNDS, seconds=LAYER_SECONDS * len(calls))
    return {name: float(values.min()) for name, values in samples.items()}


def _predicted(model: LatencyModel, module: nn.Module, shape: Sequence[int]) -> float:
    """Milliseconds of the layer's own kernels, without what one call of the runtime costs."""
    return sum(layer.ms for layer in model.predict(_onnx_bytes(module, shape)).layers)


def _sure_ratio(sample: Callable[[int], Samples], compare: Compare) -> float:
    """The ratio of `candidate` to `base`; measured again and longer where it is near 1."""
    samples = sample(1)
    ratio = compare(samples["candidate"], samples["base"])
    if UNSURE[0] <= ratio <= UNSURE[1]:
        samples = sample(LONGER)
        ratio = compare(samples["candidate"], samples["base"])
    return ratio


def _fastest_ratio(samples: NDArray[np.float64], base: NDArray[np.float64]) -> float:
    return float(samples.min() / base.min())


def _sample_layers(calls: Mapping[str, Callable[[], object]], longer: int) -> Samples:
    return time_in_turns(calls, rounds=LAYER_ROUNDS * longer, seconds=LAYER_SECONDS * longer)


def _call(module: nn.Module, shape: Sequence[int], target: Target) -> Callable[[], object]:
    """A layer loaded in the runtime, ready to run on a random input."""
    session = onnxruntime.InferenceSession(
        _onnx_bytes(module, shape),
        session_options(target.threads),
        providers=[PROVIDERS[provider_for(target)]],
    )
    tensor = np.random.default_rng(0).random(tuple(shape), dtype=np.float32)
    return partial(session.run, None, {"input": tensor})


def _onnx_bytes(module: nn.Module, shape: Sequence[int]) -> bytes:
    parameter = next(module.parameters(), torch.zeros(0))
    training = module.training
    try:
        with _folder(None) as folder, warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # tracing warns of every shape that it takes for fixed
            torch.onnx.export(
                module.eval(),
                (torch.zeros(tuple(shape), device=parameter.device),),
                str(folder / "layer.onnx"),
                opset_version=OPSET,
                input_names=["input"],
                output_names=["output"],
                dynamo=False,
            )
            return (folder / "layer.onnx").read_bytes()
    except OSError:  # a full disk is not the layer's fault
        raise
    except Exception as error:
        raise ExportError(
            f"a {type(module).__name__} with input {tuple(shape)} cannot be exported to be timed: "
            f"{type(error).__name__}: {error}"
        ) from error
    finally:
        module.train(training)


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="edge_compress-") as made:
        yield Path(made)
