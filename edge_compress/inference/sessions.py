"""A model on a provider, by whichever runtime of this machine has it."""

from __future__ import annotations

from edge_compress.inference.onnxruntime_session import OrtSession
from edge_compress.inference.options import RuntimeOptions
from edge_compress.inference.sealed_file import ModelSource
from edge_compress.inference.session import ProviderError, Session
from edge_compress.inference.tensorrt.build_status import OnBuild


def open_session(
    model: ModelSource,
    provider: str,
    *,
    threads: int = 0,
    options: RuntimeOptions | None = None,
    on_build: OnBuild | None = None,
) -> Session:
    """Open a model.

    ``tensorrt`` is TensorRT itself where it is installed, else ONNX Runtime's provider of that
    name; `TensorrtOptions.backend` asks for one of the two.

    Args:
        model: an .onnx file, or one of a bundle.
        provider: ``cpu``, ``cuda`` or ``tensorrt``.
        threads: within one operator, on the CPU; 0 leaves it to the runtime.
        options: of all runtimes.
        on_build: told how far the build of a TensorRT engine is; returns False to cancel it.

    Raises:
        ModelError: the file is missing, no ONNX, or no model of images.
        ProviderError: the provider is not there or did not come up.
    """
    options = options or RuntimeOptions()
    if provider != "tensorrt":
        return OrtSession(model, threads=threads, providers=(provider,), options=options)
    backend = options.tensorrt.backend
    missing = ""
    if backend != "onnxruntime":
        # Light until here: neither of the two modules is imported on a robot without a GPU.
        from edge_compress.inference.tensorrt.library import NotInstalledError
        from edge_compress.inference.tensorrt.session import TensorrtSession

        try:
            return TensorrtSession(model, options=options, on_build=on_build)
        except NotInstalledError as error:
            if backend == "native":
                raise
            missing = f"{error}; "
    try:
        return OrtSession(model, threads=threads, providers=(provider,), options=options)
    except ProviderError as error:
        raise ProviderError(f"{missing}{error}") from error
