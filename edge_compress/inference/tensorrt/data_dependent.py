"""Outputs whose size is known only after a run, such as what NMS in the graph keeps."""

from __future__ import annotations

from typing import Any

from edge_compress.inference.session import ProviderError
from edge_compress.inference.tensorrt.cuda import Cuda


def new_allocator(trt: Any, cuda: Cuda) -> Any:
    """Return what gives TensorRT memory for one such output, and is told its shape.

    Args:
        trt: the `tensorrt` module.
        cuda: where the memory comes from.

    Returns:
        An object of a class derived from ``tensorrt.IOutputAllocator`` with ``pointer``, the
        address on the GPU, ``shape`` of the last run, and ``free()``.
    """

    class Allocator(trt.IOutputAllocator):  # type: ignore[misc]  # TensorRT has no types
        def __init__(self) -> None:
            trt.IOutputAllocator.__init__(self)
            self.pointer = 0
            self.shape: tuple[int, ...] = ()
            self._size = 0

        def reallocate_output(
            self, tensor_name: str, memory: int, size: int, alignment: int
        ) -> int | None:
            # cudaMalloc aligns to 256 bytes, which is what TensorRT asks for at most.
            if self.pointer == 0 or size > self._size:
                self.free()
                try:
                    self.pointer = cuda.allocate(size)
                except ProviderError:
                    return None  # TensorRT then fails the run
                self._size = size
            return self.pointer

        def notify_shape(self, tensor_name: str, shape: Any) -> None:
            self.shape = tuple(shape)

        def free(self) -> None:
            if self.pointer:
                cuda.free(self.pointer)
            self.pointer, self._size = 0, 0

    return Allocator()
