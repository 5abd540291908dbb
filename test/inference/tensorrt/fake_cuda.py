"""CUDA's runtime without a GPU: its memory is the host's, and misuse is an error.

What is queued in a stream is carried out when somebody waits for it, so that who forgets to wait
reads old values, as on a GPU.
"""

# The names are CUDA's.
# ruff: noqa: N802, N803, N815

from __future__ import annotations

import ctypes
from collections.abc import Callable
from enum import IntEnum
from itertools import count
from types import ModuleType, SimpleNamespace
from typing import Any

Work = Callable[[], None]


class Error(IntEnum):
    """A few of cudaError_t, with CUDA's numbers."""

    cudaSuccess = 0
    cudaErrorInvalidValue = 1
    cudaErrorMemoryAllocation = 2
    cudaErrorInsufficientDriver = 35
    cudaErrorInvalidResourceHandle = 400
    cudaErrorIllegalAddress = 700
    cudaErrorStreamCaptureUnsupported = 900
    cudaErrorStreamCaptureInvalidated = 901


class CopyKind(IntEnum):
    """cudaMemcpyKind."""

    cudaMemcpyHostToDevice = 1
    cudaMemcpyDeviceToHost = 2


class CaptureMode(IntEnum):
    """cudaStreamCaptureMode."""

    cudaStreamCaptureModeThreadLocal = 1


class Stream:
    """cudaStream_t: work in order."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self.queued: list[Work] = []
        self.capture: list[Work] | None = None
        self.invalid = False

    def __int__(self) -> int:
        return self._handle

    def put(self, work: Work) -> None:
        (self.queued if self.capture is None else self.capture).append(work)

    def finish(self) -> None:
        while self.queued:
            self.queued.pop(0)()


class FakeCuda:
    """One process's CUDA.

    Attributes:
        module: what is imported as ``cuda.bindings.runtime``.
        package: what is imported as ``cuda``.
        fails: error codes that functions are to answer with, by name.
        memory, pinned, streams, graphs: what was allocated and not given back, by address.
        calls: the names of the functions called, in order.
        devices: what GPUs there are.
    """

    def __init__(self) -> None:
        self.fails: dict[str, Error] = {}
        self.memory: dict[int, Any] = {}
        self.pinned: dict[int, Any] = {}
        self.streams: dict[int, Stream] = {}
        self.graphs: dict[int, list[Work]] = {}
        self.calls: list[str] = []
        self.devices = [
            SimpleNamespace(name=b"Orin\0\0", major=8, minor=7, multiProcessorCount=8),
            SimpleNamespace(name=b"Orin\0\0", major=8, minor=7, multiProcessorCount=16),
        ]
        self._handles = count(1000)
        self.package = ModuleType("cuda")
        self.package.__path__ = []
        self.module = self._module()

    @property
    def left(self) -> int:
        """How many things were not given back."""
        return sum(map(len, (self.memory, self.pinned, self.streams, self.graphs)))

    def stream(self, handle: int) -> Stream:
        """Return the stream of a handle that TensorRT was given."""
        return self.streams[handle]

    def _module(self) -> ModuleType:
        module = ModuleType("cuda.bindings.runtime")
        module.__dict__.update(
            cudaError_t=Error,
            cudaMemcpyKind=CopyKind,
            cudaStreamCaptureMode=CaptureMode,
            cudaStreamNonBlocking=1,
            cudaHostAllocDefault=0,
        )
        for name in dir(self):
            if name.startswith("cuda"):
                module.__dict__[name] = self._counted(name, getattr(self, name))
        return module

    def _counted(self, name: str, function: Callable[..., tuple[Any, ...]]) -> Any:
        def call(*arguments: Any) -> tuple[Any, ...]:
            self.calls.append(name)
            if name in self.fails:
                return (self.fails[name], None)
            return function(*arguments)

        return call

    def cudaGetDeviceCount(self):
        return (Error.cudaSuccess, len(self.devices))

    def cudaSetDevice(self, device):
        return (Error.cudaSuccess,)

    def cudaGetDeviceProperties(self, device):
        return (Error.cudaSuccess, self.devices[device])

    def cudaGetErrorString(self, error):
        return (Error.cudaSuccess, error.name.encode())

    def cudaGetLastError(self):
        return (Error.cudaSuccess,)

    def cudaMalloc(self, size):
        if any(stream.capture is not None for stream in self.streams.values()):
            return (Error.cudaErrorStreamCaptureUnsupported, None)
        return (Error.cudaSuccess, self._allocate(self.memory, size))

    def cudaFree(self, devPtr):
        found = self.memory.pop(devPtr, None)
        return (Error.cudaErrorInvalidValue if found is None else Error.cudaSuccess,)

    def cudaHostAlloc(self, size, flags):
        return (Error.cudaSuccess, self._allocate(self.pinned, size))

    def cudaFreeHost(self, ptr):
        found = self.pinned.pop(ptr, None)
        return (Error.cudaErrorInvalidValue if found is None else Error.cudaSuccess,)

    def cudaMemcpyAsync(self, dst, src, count, kind, stream):
        device = dst if kind is CopyKind.cudaMemcpyHostToDevice else src
        if not self._within(self.memory, device, count):
            return (Error.cudaErrorIllegalAddress,)
        stream.put(lambda: ctypes.memmove(dst, src, count))
        return (Error.cudaSuccess,)

    def cudaStreamCreateWithFlags(self, flags):
        stream = Stream(next(self._handles))
        self.streams[int(stream)] = stream
        return (Error.cudaSuccess, stream)

    def cudaStreamDestroy(self, stream):
        del self.streams[int(stream)]
        return (Error.cudaSuccess,)

    def cudaStreamSynchronize(self, stream):
        if stream.capture is not None:
            stream.invalid = True
            return (Error.cudaErrorStreamCaptureUnsupported,)
        stream.finish()
        return (Error.cudaSuccess,)

    def cudaStreamBeginCapture(self, stream, mode):
        stream.capture, stream.invalid = [], False
        return (Error.cudaSuccess,)

    def cudaStreamEndCapture(self, stream):
        captured, stream.capture = stream.capture, None
        if stream.invalid:
            return (Error.cudaErrorStreamCaptureInvalidated, None)
        return (Error.cudaSuccess, self._graph(captured))

    def cudaGraphInstantiateWithFlags(self, graph, flags):
        return (Error.cudaSuccess, self._graph(self.graphs[graph]))

    def cudaGraphLaunch(self, graphExec, stream):
        for work in self.graphs[graphExec]:
            stream.put(work)
        return (Error.cudaSuccess,)

    def cudaGraphDestroy(self, graph):
        del self.graphs[graph]
        return (Error.cudaSuccess,)

    def cudaGraphExecDestroy(self, graphExec):
        del self.graphs[graphExec]
        return (Error.cudaSuccess,)

    def _allocate(self, where: dict[int, Any], size: int) -> int:
        # Filled, so that what nobody wrote is seen.
        block = ctypes.create_string_buffer(b"\xa5" * size, size)
        address = ctypes.addressof(block)
        where[address] = block
        return address

    def _within(self, where: dict[int, Any], address: int, size: int) -> bool:
        return any(
            start <= address and address + size <= start + len(block)
            for start, block in where.items()
        )

    def _graph(self, work: list[Work]) -> int:
        handle = next(self._handles)
        self.graphs[handle] = list(work)
        return handle
