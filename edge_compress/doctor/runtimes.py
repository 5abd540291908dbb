"""What there is to run a model on."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator

from edge_compress.doctor.finding import Finding, Level
from edge_compress.doctor.host import Host
from edge_compress.inference.session import ProviderError
from edge_compress.telemetry.sysfs import read_text

_ORT, _TENSORRT = "ONNX Runtime", "TensorRT"
_GPU_PROVIDERS = ("TensorrtExecutionProvider", "CUDAExecutionProvider")
_NO_GPU_BUILD = (
    "pip uninstall onnxruntime && pip install onnxruntime-gpu; on a Jetson the wheel of its "
    "JetPack release"
)
# One node, y = Abs(x) of a float, in bytes: the doctor must work without the package onnx.
_SMALLEST_MODEL = (
    b'\x08\x08:9\n\x0b\n\x01x\x12\x01y"\x03Abs\x12\x08smallest'
    b"Z\x0f\n\x01x\x12\n\n\x08\x08\x01\x12\x04\n\x02\x08\x01"
    b"b\x0f\n\x01y\x12\n\n\x08\x08\x01\x12\x04\n\x02\x08\x01B\x04\n\x00\x10\r"
)


def look(host: Host) -> list[Finding]:
    """Look for ONNX Runtime, its providers, TensorRT, what it needs, and a GPU for them."""
    gpu = nvidia_gpu(host)
    tensorrt, usable = _tensorrt(gpu)
    ort = list(_onnxruntime(gpu, tensorrt=usable))
    found = gpu or "none: models run on the CPU"
    return [Finding("NVIDIA GPU", "OK", found), *ort, tensorrt, *_onnx(gpu)]


def nvidia_gpu(host: Host) -> str:
    """Return how an NVIDIA GPU shows itself here, or nothing.

    A Jetson's driver has no file under ``/proc/driver``; its device tree names the chip.
    """
    if "nvidia,tegra" in (read_text(host.root / "proc/device-tree/compatible") or ""):
        return (read_text(host.root / "proc/device-tree/model") or "Jetson").rstrip("\0")
    # NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 ...
    driver = read_text(host.root / "proc/driver/nvidia/version")
    return f"driver: {driver.splitlines()[0].partition(':')[2].strip()}" if driver else ""


def _onnxruntime(gpu: str, *, tensorrt: bool) -> Iterator[Finding]:
    level: Level
    try:
        import onnxruntime
    except ImportError as error:
        level = "WARN" if tensorrt else "ERROR"
        found = f"cannot be imported: {error}"
        yield Finding(_ORT, level, found, "pip install onnxruntime; on a Jetson JetPack's wheel")
        return
    providers = [p for p in onnxruntime.get_available_providers() if p != "AzureExecutionProvider"]
    for_gpu = [provider for provider in providers if provider in _GPU_PROVIDERS]
    names = ", ".join(provider.removesuffix("ExecutionProvider") for provider in providers)
    found = f"{onnxruntime.__version__} with {names}"
    if gpu and not for_gpu:
        level = "OK" if tensorrt else "WARN"
        yield Finding(_ORT, level, f"{found}: this build leaves the GPU idle", _NO_GPU_BUILD)
        return
    if not gpu:
        yield Finding(_ORT, "OK", found)
        return
    failed = {provider: why for provider in for_gpu if (why := failure(provider))}
    if not failed:
        yield Finding(_ORT, "OK", found)
    for provider, why in failed.items():
        yield Finding(
            _ORT,
            "WARN",
            f"{found}, but {provider} does not come up: {why}",
            "install the CUDA, cuDNN and TensorRT releases that this build names: "
            'onnxruntime.ai, "Execution Providers"',
        )


def failure(provider: str) -> str:
    """Open the smallest of models on a provider of ONNX Runtime.

    Args:
        provider: as ONNX Runtime calls it.

    Returns:
        Why the provider does not come up; empty when it does.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what it would print comes in the exception, or below
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            session = onnxruntime.InferenceSession(_SMALLEST_MODEL, options, providers=[provider])
    except Exception as error:  # noqa: BLE001 - its exceptions have no common base of their own
        return str(error).strip().splitlines()[0]
    if session.get_providers()[0] != provider:
        return "its libraries cannot be loaded (LD_LIBRARY_PATH), or there is no GPU for it"
    return ""


def _tensorrt(gpu: str) -> tuple[Finding, bool]:
    """Look for TensorRT's own Python package; with whether models can run on it."""
    from edge_compress.inference.tensorrt import library

    try:
        loaded = library.load()
    except ProviderError as error:
        # A machine without a GPU lacks nothing.
        if not gpu:
            return Finding(_TENSORRT, "OK", "not here, and nothing to run on"), False
        return Finding(_TENSORRT, "WARN", str(error), 'see README, "On a robot"'), False
    return Finding(_TENSORRT, "OK", f"{loaded.version} on {loaded.gpu.name}"), True


def _onnx(gpu: str) -> Iterator[Finding]:
    """Look for the package that tells TensorRT what a model computes in."""
    if not gpu:
        return
    try:
        importlib.import_module("onnx")
    except ImportError as error:
        found = f"cannot be imported, so that no TensorRT engine is built: {error}"
        yield Finding("onnx", "WARN", found, "pip install onnx")
