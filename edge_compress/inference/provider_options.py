"""Our options in the words of ONNX Runtime's providers.

https://onnxruntime.ai/docs/execution-providers/TensorRT-ExecutionProvider.html and
https://onnxruntime.ai/docs/execution-providers/CUDA-ExecutionProvider.html
"""

from __future__ import annotations

from pathlib import Path

import onnxruntime

from edge_compress.inference.options import RuntimeOptions
from edge_compress.inference.sealed_file import ModelSource
from edge_compress.inference.session import ProviderError
from edge_compress.inference.tensorrt.engine_store import CACHE_VARIABLE, default_folder
from edge_compress.inference.tensorrt.model_file import ModelFile

Options = dict[str, str]

_MIB = 1 << 20
_GROWTH = {"as_requested": "kSameAsRequested", "doubling": "kNextPowerOfTwo"}


def provider_options(provider: str, model: ModelSource | bytes, options: RuntimeOptions) -> Options:
    """Return what ONNX Runtime is told about one provider.

    Args:
        provider: ``cpu``, ``cuda`` or ``tensorrt``.
        model: an .onnx file, or its bytes.
        options: ours.

    Raises:
        ModelError: the file is missing or no ONNX.
        ProviderError: the folder of engines cannot be made, or the Python package onnx, which
            TensorRT needs, is not here.
    """
    if provider == "cuda":
        return _cuda(options)
    if provider == "tensorrt":
        return _tensorrt(model, options)
    return {}


def _cuda(options: RuntimeOptions) -> Options:
    cuda = options.cuda
    told = {
        "device_id": str(options.device_id),
        "arena_extend_strategy": _GROWTH[cuda.arena_growth],
        "cudnn_conv_algo_search": cuda.convolution_search.upper(),
    }
    if cuda.memory_limit_mb is not None:
        told["gpu_mem_limit"] = str(cuda.memory_limit_mb * _MIB)
    return told


def _tensorrt(model: ModelSource | bytes, options: RuntimeOptions) -> Options:
    """No CUDA graphs: they replay addresses, and each run here brings arrays of its own.

    Sizes that the model leaves free are no concern: the provider builds for those that come.
    """
    ours = options.tensorrt
    file = ModelFile.of(model)
    precision = file.written_precision()
    folder = _engine_folder(file.sha256, ours.cache or default_folder())
    told = {
        "device_id": str(options.device_id),
        "trt_engine_cache_enable": "True",
        "trt_engine_cache_path": str(folder),
        "trt_fp16_enable": str("fp16" in (precision, ours.precision) or ours.dla_core is not None),
        "trt_int8_enable": str(precision == "int8"),
        "trt_timing_cache_enable": str(ours.timing_cache),
    }
    if ours.timing_cache:
        told["trt_timing_cache_path"] = str(folder.parent)
    if ours.workspace_mb is not None:
        told["trt_max_workspace_size"] = str(ours.workspace_mb * _MIB)
    if ours.dla_core is not None:
        told["trt_dla_enable"] = "True"
        told["trt_dla_core"] = str(ours.dla_core)
    if ours.optimization_level is not None:
        told["trt_builder_optimization_level"] = str(ours.optimization_level)
    return told


def _engine_folder(sha256: str, cache: Path) -> Path:
    """A folder for each model: the provider's own names do not tell apart models of one shape."""
    folder = cache / f"onnxruntime-{onnxruntime.__version__}" / sha256[:16]
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ProviderError(
            f"{folder}: engines cannot be kept there: {error.strerror or error}; set "
            f"{CACHE_VARIABLE} or `cache` to a folder that can be written"
        ) from error
    return folder
