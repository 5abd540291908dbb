"""TensorRT and CUDA as they are installed here: which version, which GPU."""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from edge_compress.inference.session import ProviderError
from edge_compress.inference.tensorrt.cuda import Cuda, Gpu

OLDEST, NEWEST = (8, 5), 11
_INSTALL_TENSORRT = (
    "on a Jetson: `apt install python3-libnvinfer`; elsewhere: `pip install tensorrt`"
)
_INSTALL_CUDA = "`pip install cuda-python`, in the version of your CUDA"


class NotInstalledError(ProviderError):
    """TensorRT's or CUDA's Python package is not here, so that another way may be tried."""


@dataclass(frozen=True)
class Library:
    """What every other file here works with.

    Attributes:
        trt: the `tensorrt` module.
        cuda: CUDA's runtime.
        gpu: the device that is used.
        version: of TensorRT, in full.
    """

    trt: Any
    cuda: Cuda
    gpu: Gpu
    version: str

    @property
    def strongly_typed(self) -> bool:
        """Whether a network can be told to compute as it is written (from TensorRT 10 on)."""
        return hasattr(self.trt.NetworkDefinitionCreationFlag, "STRONGLY_TYPED")

    @property
    def has_flags(self) -> bool:
        """Whether the builder may be allowed half precision and INT8 (up to TensorRT 10)."""
        return hasattr(self.trt.BuilderFlag, "FP16")

    @property
    def reports_progress(self) -> bool:
        """Whether a build tells how far it is and can be cancelled (from TensorRT 10 on)."""
        return hasattr(self.trt, "IProgressMonitor")


def load(device_id: int = 0) -> Library:
    """Import TensorRT and CUDA, and look at the GPU.

    Args:
        device_id: GPU, as CUDA counts them.

    Raises:
        NotInstalledError: a package is missing, or its libraries cannot be loaded.
        ProviderError: this TensorRT is older than 8.5 or newer than 11, or there is no such GPU.
    """
    trt = _imported("tensorrt", _INSTALL_TENSORRT)
    version = str(trt.__version__)
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if numbers < OLDEST or numbers[0] > NEWEST:
        raise ProviderError(
            f"TensorRT {version} is installed; this version of edge_compress knows "
            f"{OLDEST[0]}.{OLDEST[1]} to {NEWEST}"
        )
    cuda = Cuda(_cuda_runtime())
    return Library(trt, cuda, cuda.use(device_id), version)


def _cuda_runtime() -> ModuleType:
    try:
        return importlib.import_module("cuda.bindings.runtime")
    except ImportError:  # cuda-python up to 12.6, as JetPack 5 and 6 have it
        return _imported("cuda.cudart", _INSTALL_CUDA)


def _imported(name: str, remedy: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and name.startswith(error.name):
            package = "TensorRT" if name == "tensorrt" else "cuda-python"
            message = f"the Python package of {package} is not installed ({remedy})"
            raise NotInstalledError(message) from error
        raise NotInstalledError(f"{name} cannot be imported: {error}") from error
    except (ImportError, OSError) as error:  # libnvinfer or libcudart is not there
        raise NotInstalledError(f"{name} cannot be loaded: {error}") from error
