"""ONNX Runtime as a session: CPU, CUDA or its own TensorRT provider."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from edge_compress.inference.options import CpuOptions, RuntimeOptions
from edge_compress.inference.provider_options import provider_options
from edge_compress.inference.sealed_file import ModelSource, SealedFile
from edge_compress.inference.session import ModelError, ProviderError

# Our short names, and what ONNX Runtime calls them.
PROVIDERS = {
    "tensorrt": "TensorrtExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
_ERRORS_ONLY = 3


class OrtSession:
    """One model in ONNX Runtime."""

    def __init__(
        self,
        model: ModelSource | bytes,
        *,
        threads: int = 0,
        providers: Sequence[str] = ("cpu",),
        optimize: bool = True,
        options: RuntimeOptions | None = None,
    ) -> None:
        """Load a model.

        Args:
            model: an .onnx file, one of a bundle, or the bytes of one.
            threads: within one operator; 0 leaves it to the runtime.
            providers: ``tensorrt``, ``cuda``, ``cpu`` in order of preference; the first one must
                come up.
            optimize: let the runtime fuse operators; off to see the graph as it was written.
            options: of each provider.

        Raises:
            ModelError: the file is missing, cut short, no ONNX, or has no image input.
            ProviderError: the first provider is unknown, not in this build, or did not come up.
        """
        wanted = _available(providers)
        options = options or RuntimeOptions()
        what = "the model" if isinstance(model, bytes) else str(model)
        if isinstance(model, Path) and not model.is_file():
            raise ModelError(f"{what}: no such file")
        if isinstance(model, SealedFile) and wanted[0] == "tensorrt":
            model = model.read_bytes()  # that provider names its engines by the path
        told = [(PROVIDERS[name], provider_options(name, model, options)) for name in wanted]
        ort_options = session_options(threads, optimize=optimize, cpu=options.cpu)
        with _source(model) as source:
            try:
                session = onnxruntime.InferenceSession(source, ort_options, providers=told)
            except Exception as error:  # the runtime's exceptions have no common base of their own
                reason = str(error).strip().splitlines()[0]
                if isinstance(source, str):
                    reason = reason.replace(source, what)
                raise ModelError(f"{what}: ONNX Runtime cannot load it: {reason}") from error

        # Its own fall-back would open the file again, and on the CPU without a word to ours; only
        # for that it keeps the bytes.
        session.disable_fallback()
        session._model_bytes = None
        active = session.get_providers()[0]
        if active != PROVIDERS[wanted[0]]:
            raise ProviderError(f"{providers[0]} did not come up; ONNX Runtime chose {active}")
        self.provider = providers[0]
        self.input_name, self.input_shape = _image_input(session, what)
        self.output_names = tuple(output.name for output in session.get_outputs())
        self._session: onnxruntime.InferenceSession | None = session

    def run(self, tensor: NDArray[np.float32]) -> list[NDArray[Any]]:
        """Run the model once on a float32 [n, 3, height, width] tensor.

        Raises:
            ProviderError: the runtime failed, or the session is closed.
        """
        if self._session is None:
            raise ProviderError("the session is closed")
        try:
            outputs: list[NDArray[Any]] = self._session.run(None, {self.input_name: tensor})
        except Exception as error:
            reason = str(error).strip().splitlines()[0]
            raise ProviderError(f"ONNX Runtime ({self.provider}) failed: {reason}") from error
        return outputs

    def close(self) -> None:
        """Free the model."""
        self._session = None


@contextmanager
def _source(model: ModelSource | bytes) -> Iterator[str | bytes]:
    """What the runtime is given in place of a model."""
    if isinstance(model, SealedFile):
        with model.in_memory() as source:
            yield source
    else:
        yield model if isinstance(model, bytes) else str(model)


def session_options(
    threads: int, *, optimize: bool = True, cpu: CpuOptions | None = None
) -> onnxruntime.SessionOptions:
    """The options of every session of ours; the arguments are those of `OrtSession`."""
    cpu = cpu or CpuOptions()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    options.enable_cpu_mem_arena = cpu.arena
    spin = str(int(cpu.spin))
    options.add_session_config_entry("session.intra_op.allow_spinning", spin)
    options.add_session_config_entry("session.inter_op.allow_spinning", spin)
    if not optimize:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return options


def _available(providers: Sequence[str]) -> list[str]:
    """Those of the providers that this build has; the first must be one of them."""
    if not providers:
        raise ProviderError("`providers` is empty; give at least ('cpu',)")
    for provider in providers:
        if provider not in PROVIDERS:
            raise ProviderError(
                f"no provider is called {provider!r}; known: {', '.join(PROVIDERS)}"
            )
    available = onnxruntime.get_available_providers()
    if PROVIDERS[providers[0]] not in available:
        raise ProviderError(
            f"this build of ONNX Runtime has no {providers[0]} provider (it has "
            f"{', '.join(available)})"
        )
    if providers[0] == "tensorrt":
        # What TensorRT cannot do is done on the GPU, not copied to the CPU and back.
        providers = ("tensorrt", "cuda", *providers[1:])
    return [name for name in dict.fromkeys(providers) if PROVIDERS[name] in available]


def _image_input(
    session: onnxruntime.InferenceSession, what: str
) -> tuple[str, tuple[int | None, ...]]:
    """Return the name and shape of the only input, which must be float32 [n, 3, h, w]."""
    inputs = session.get_inputs()
    listed = ", ".join(f"{i.name} {i.type} {i.shape}" for i in inputs) or "none"
    if len(inputs) != 1 or inputs[0].type != "tensor(float)" or len(inputs[0].shape) != 4:
        raise ModelError(f"{what}: needs one float32 image input [n, 3, h, w], has {listed}")
    shape = tuple(size if isinstance(size, int) else None for size in inputs[0].shape)
    if shape[1] not in (3, None):
        raise ModelError(f"{what}: needs one float32 image input [n, 3, h, w], has {listed}")
    return inputs[0].name, shape
