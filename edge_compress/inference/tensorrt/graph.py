"""A CUDA graph: what a frame queues, recorded once and replayed in one call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edge_compress.inference.session import ProviderError
from edge_compress.inference.tensorrt.cuda import Cuda


class Graph:
    """A recorded graph."""

    def __init__(self, cuda: Cuda, executable: Any) -> None:
        """Keep an instantiated graph."""
        self._cuda = cuda
        self._executable = executable

    @classmethod
    def captured(cls, cuda: Cuda, stream: Any, queue: Callable[[], None]) -> Graph | None:
        """Record what `queue` puts into a stream; nothing of it is carried out.

        Args:
            cuda: the runtime.
            stream: nothing may wait in it.
            queue: puts the work into it.

        Returns:
            The graph, or None where the network cannot be recorded, as NVIDIA says of some.
        """
        runtime = cuda.runtime
        # Other threads may allocate meanwhile: a camera, or a second detector.
        mode = runtime.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        try:
            cuda.check(runtime.cudaStreamBeginCapture(stream, mode))
            try:
                queue()
            finally:
                result = runtime.cudaStreamEndCapture(stream)
            recorded = cuda.check(result)
        except ProviderError:
            runtime.cudaGetLastError()  # or it would be the error of the next call
            return None
        try:
            # Of the two ways to do it, the one with the same arguments in every CUDA.
            return cls(cuda, cuda.check(runtime.cudaGraphInstantiateWithFlags(recorded, 0)))
        except ProviderError:
            runtime.cudaGetLastError()
            return None
        finally:
            runtime.cudaGraphDestroy(recorded)

    def launch(self, stream: Any) -> None:
        """Queue the whole graph.

        Raises:
            ProviderError: CUDA refuses.
        """
        self._cuda.check(self._cuda.runtime.cudaGraphLaunch(self._executable, stream))

    def free(self) -> None:
        """Give it back."""
        self._cuda.runtime.cudaGraphExecDestroy(self._executable)
