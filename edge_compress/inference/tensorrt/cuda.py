"""The little of CUDA's runtime that inference needs, through NVIDIA's `cuda-python`.

Each of its functions returns a tuple that begins with an error code. What is called here has the
same arguments in cuda-python 11.8 to 13.5.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_compress.inference.session import ProviderError


@dataclass(frozen=True)
class Gpu:
    """A GPU, by what an engine is bound to.

    Attributes:
        index: as CUDA counts them.
        name: such as ``Orin``, which three different boards share.
        compute: capability, such as ``8.7``.
        multiprocessors: how many are switched on; power modes of a Jetson change it.
    """

    index: int
    name: str
    compute: str
    multiprocessors: int


class Cuda:
    """CUDA's runtime, with errors raised.

    Attributes:
        runtime: the module ``cuda.bindings.runtime``, or ``cuda.cudart`` of older packages.
    """

    def __init__(self, runtime: ModuleType) -> None:
        """Keep the module; no call is made yet."""
        self.runtime: Any = runtime

    def check(self, result: tuple[Any, ...]) -> Any:
        """Return what a call gave besides its error code.

        Raises:
            ProviderError: the code is an error.
        """
        error, *values = result
        if int(error) != 0:
            text = self.runtime.cudaGetErrorString(error)[1]
            text = text.decode() if isinstance(text, bytes) else str(text)
            raise ProviderError(f"CUDA: {text} (error {int(error)})")
        return values[0] if len(values) == 1 else None

    def use(self, index: int) -> Gpu:
        """Choose the GPU of this thread.

        Raises:
            ProviderError: there is no such GPU, or no driver.
        """
        try:
            count = self.check(self.runtime.cudaGetDeviceCount())
        except RuntimeError as error:  # older packages raise it when libcuda is missing
            raise ProviderError(f"CUDA: {error}") from error
        if index >= count:
            raise ProviderError(f"there is no GPU {index}: CUDA counts {count}, from 0")
        self.select(index)
        found = self.check(self.runtime.cudaGetDeviceProperties(index))
        name = found.name.split(b"\0")[0].decode(errors="replace")
        return Gpu(index, name, f"{found.major}.{found.minor}", found.multiProcessorCount)

    def select(self, index: int) -> None:
        """Choose the GPU of this thread; each new thread begins with GPU 0."""
        self.check(self.runtime.cudaSetDevice(index))

    def stream(self) -> Any:
        """Return a new stream that does not wait for the default one."""
        flags = self.runtime.cudaStreamNonBlocking
        return self.check(self.runtime.cudaStreamCreateWithFlags(flags))

    def synchronize(self, stream: Any) -> None:
        """Wait for a stream's work; other Python threads go on meanwhile."""
        self.check(self.runtime.cudaStreamSynchronize(stream))

    def to_device(self, pointer: int, host: NDArray[Any], stream: Any) -> None:
        """Queue a copy of a whole pinned array to the GPU."""
        kind = self.runtime.cudaMemcpyKind.cudaMemcpyHostToDevice
        copied = self.runtime.cudaMemcpyAsync(pointer, host.ctypes.data, host.nbytes, kind, stream)
        self.check(copied)

    def to_host(self, host: NDArray[Any], pointer: int, stream: Any) -> None:
        """Queue a copy from the GPU that fills an array."""
        kind = self.runtime.cudaMemcpyKind.cudaMemcpyDeviceToHost
        copied = self.runtime.cudaMemcpyAsync(host.ctypes.data, pointer, host.nbytes, kind, stream)
        self.check(copied)

    def allocate(self, size: int) -> int:
        """Return the address of `size` new bytes on the GPU."""
        return int(self.check(self.runtime.cudaMalloc(max(size, 1))))

    def free(self, pointer: int) -> None:
        """Give memory of the GPU back; what cannot be given back is left."""
        self.runtime.cudaFree(pointer)

    def allocate_pinned(self, size: int) -> int:
        """Return the address of `size` new bytes of the host that the GPU copies from directly."""
        flags = self.runtime.cudaHostAllocDefault
        return int(self.check(self.runtime.cudaHostAlloc(max(size, 1), flags)))

    def free_pinned(self, pointer: int) -> None:
        """Give pinned memory back; what cannot be given back is left."""
        self.runtime.cudaFreeHost(pointer)


class Buffer:
    """Memory of one tensor: pinned on the host, and on the GPU.

    Attributes:
        host: array over the pinned memory; not to be used after `free`.
        pointer: address on the GPU.
    """

    def __init__(self, cuda: Cuda, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        """Allocate both.

        Raises:
            ProviderError: there is not enough memory.
        """
        self._cuda = cuda
        size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        self._pinned = cuda.allocate_pinned(size)
        try:
            self.pointer = cuda.allocate(size)
        except ProviderError:
            cuda.free_pinned(self._pinned)
            raise
        raw = memoryview((ctypes.c_ubyte * size).from_address(self._pinned))
        self.host: NDArray[Any] = np.ndarray(shape, dtype, buffer=raw)

    def free(self) -> None:
        """Give both back."""
        self._cuda.free(self.pointer)
        self._cuda.free_pinned(self._pinned)
