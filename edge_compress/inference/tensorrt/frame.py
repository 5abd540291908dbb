"""The work on one frame of one shape: copy in, infer, copy out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_compress.inference.session import ProviderError
from edge_compress.inference.tensorrt.cuda import Buffer
from edge_compress.inference.tensorrt.data_dependent import new_allocator
from edge_compress.inference.tensorrt.graph import Graph
from edge_compress.inference.tensorrt.library import Library

# By TensorRT's names; NumPy has none for the others.
_DTYPES = {
    "FLOAT": np.float32,
    "HALF": np.float16,
    "INT8": np.int8,
    "INT32": np.int32,
    "INT64": np.int64,
    "BOOL": np.bool_,
    "UINT8": np.uint8,
}


class Frame:
    """Memory and, where it can be had, a CUDA graph for inputs of one shape.

    Attributes:
        shape: of the input.
    """

    def __init__(
        self,
        library: Library,
        engine: Any,
        context: Any,
        stream: Any,
        log: Any,
        *,
        input_name: str,
        output_names: Sequence[str],
        shape: tuple[int, ...],
        cuda_graph: bool,
    ) -> None:
        """Set the shape and the addresses of all tensors.

        Raises:
            ProviderError: TensorRT refuses the shape, an output has a type that NumPy lacks, or
                there is not enough memory.
        """
        self._library, self._cuda = library, library.cuda
        self._engine, self._context = engine, context
        self._stream, self._log = stream, log
        self._output_names = tuple(output_names)
        self.shape = shape
        self._buffers: dict[str, Buffer] = {}
        self._allocators: dict[str, Any] = {}
        self._graph: Graph | None = None
        self._runs = 0
        try:
            self._bind(input_name, shape)
        except BaseException:
            self.free()
            raise
        self._input = self._buffers[input_name]
        # Sizes that depend on data cannot be part of a graph.
        self._wants_graph = cuda_graph and not self._allocators

    def run(self, tensor: NDArray[np.float32]) -> list[NDArray[Any]]:
        """Infer; the outputs are the caller's own.

        Raises:
            ProviderError: TensorRT or CUDA failed.
        """
        np.copyto(self._input.host, tensor, casting="same_kind")
        # TensorRT does what it puts off in the first run, which must not be within a graph.
        if self._wants_graph and self._graph is None and self._runs > 0:
            self._graph = Graph.captured(self._cuda, self._stream, self._queue)
            self._wants_graph = self._graph is not None
        if self._graph is not None:
            self._graph.launch(self._stream)
        else:
            self._queue()
        self._cuda.synchronize(self._stream)
        self._runs += 1
        return [self._output(name) for name in self._output_names]

    def free(self) -> None:
        """Give the memory back."""
        if self._graph is not None:
            self._graph.free()
            self._graph = None
        for name, allocator in self._allocators.items():
            self._context.set_output_allocator(name, None)
            allocator.free()
        for buffer in self._buffers.values():
            buffer.free()
        self._allocators.clear()
        self._buffers.clear()

    def _bind(self, input_name: str, shape: tuple[int, ...]) -> None:
        context = self._context
        # Only one input, so with its shape every other is known but those that depend on data.
        if not context.set_input_shape(input_name, shape):
            raise ProviderError(f"TensorRT refuses {list(shape)}: {self._log.last_error}")
        for name in (input_name, *self._output_names):
            size = tuple(context.get_tensor_shape(name))
            if -1 in size:
                allocator = new_allocator(self._library.trt, self._cuda)
                self._allocators[name] = allocator
                done = context.set_output_allocator(name, allocator)
            else:
                self._buffers[name] = Buffer(self._cuda, size, self._dtype(name))
                done = context.set_tensor_address(name, self._buffers[name].pointer)
            if not done:
                raise ProviderError(f"TensorRT refuses memory of {name}: {self._log.last_error}")

    def _queue(self) -> None:
        self._cuda.to_device(self._input.pointer, self._input.host, self._stream)
        if not self._context.execute_async_v3(int(self._stream)):
            raise ProviderError(f"TensorRT failed: {self._log.last_error or 'it gives no reason'}")
        for name in self._output_names:
            if name in self._buffers:
                buffer = self._buffers[name]
                self._cuda.to_host(buffer.host, buffer.pointer, self._stream)

    def _output(self, name: str) -> NDArray[Any]:
        if name in self._buffers:
            # The next frame overwrites the pinned memory.
            found = self._buffers[name].host.copy()
        else:
            allocator = self._allocators[name]
            found = np.empty(allocator.shape, self._dtype(name))
            if found.size:
                self._cuda.to_host(found, allocator.pointer, self._stream)
                self._cuda.synchronize(self._stream)
        return found.astype(np.float32) if found.dtype == np.float16 else found

    def _dtype(self, name: str) -> np.dtype[Any]:
        kind = self._engine.get_tensor_dtype(name).name
        if kind not in _DTYPES:
            raise ProviderError(f"{name} is {kind}, which NumPy does not have")
        return np.dtype(_DTYPES[kind])
