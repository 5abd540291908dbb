"""NVIDIA's management library: power, load, heat and throttling of its GPUs.

Needs ``pip install nvidia-ml-py``, and the driver. It initialises on an Orin too and then answers
NotSupported, or zeros, to everything: only a reading that is there and not 0 W counts.

Source: NVML API Reference Guide.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

# Bits of nvmlDeviceGetCurrentClocksThrottleReasons that tell of a GPU held back; the others are
# idleness and what a user has set.
_REASONS = {
    0x04: "GPU at its power limit",
    0x08: "GPU slowed by hardware",
    0x20: "GPU slowed by heat",
    0x40: "GPU slowed by heat",
    0x80: "GPU slowed by its supply",
}


class NvmlGpu:
    """One GPU.

    Attributes:
        name: of its rail, load and temperature: ``gpu0``, ``gpu1``...
        model: what the driver calls it.
    """

    def __init__(self, nvml: Any, index: int) -> None:
        """Take hold of a GPU.

        Args:
            nvml: the module ``pynvml``, initialised.
            index: of the GPU.
        """
        self._nvml = nvml
        self._handle = nvml.nvmlDeviceGetHandleByIndex(index)
        self.name = f"gpu{index}"
        model = nvml.nvmlDeviceGetName(self._handle)
        self.model = model.decode() if isinstance(model, bytes) else str(model)

    def read(self) -> dict[str, float]:
        """Return the watts of the board, or nothing."""
        milliwatts = self._ask(self._nvml.nvmlDeviceGetPowerUsage)
        return {self.name: milliwatts / 1000} if milliwatts else {}

    def load_percent(self) -> float | None:
        """Return the share of the last sampling period in which a kernel ran, or None."""
        used = self._ask(self._nvml.nvmlDeviceGetUtilizationRates)
        return None if used is None else float(used.gpu)

    def celsius(self) -> float | None:
        """Return the GPU's temperature, or None."""
        degrees = self._ask(self._nvml.nvmlDeviceGetTemperature, self._nvml.NVML_TEMPERATURE_GPU)
        return float(degrees) if degrees else None

    def states(self) -> dict[str, bool]:
        """Return by cause whether the GPU is held back now; empty when it does not tell."""
        bits = self._ask(self._nvml.nvmlDeviceGetCurrentClocksThrottleReasons)
        if bits is None:
            return {}
        held: dict[str, bool] = {}
        for bit, cause in _REASONS.items():
            held[cause] = held.get(cause, False) or bool(bits & bit)
        return held

    def _ask(self, call: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return call(self._handle, *arguments)
        except self._nvml.NVMLError:
            return None


def find(nvml: Any = None) -> tuple[list[NvmlGpu], str]:
    """Return the GPUs, and when there are none why.

    Args:
        nvml: the module ``pynvml``; None to import it, where it is installed.
    """
    if nvml is None:
        try:
            nvml = import_module("pynvml")
        except ImportError:
            return [], "the Python package nvidia-ml-py is not installed"
    gpus = []
    try:
        nvml.nvmlInit()
        gpus = [NvmlGpu(nvml, index) for index in range(nvml.nvmlDeviceGetCount())]
    except nvml.NVMLError as error:
        return [], str(error)
    told = [gpu for gpu in gpus if gpu.read() or gpu.celsius() is not None]
    if told:
        return told, ""
    names = ", ".join(gpu.model for gpu in gpus)
    return [], f"{names} answers no question" if gpus else "the driver has no GPU"
