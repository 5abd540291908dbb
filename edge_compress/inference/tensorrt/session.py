"""A TensorRT engine as a session."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_compress.inference.options import RuntimeOptions
from edge_compress.inference.sealed_file import ModelSource
from edge_compress.inference.session import ModelError, ProviderError
from edge_compress.inference.tensorrt.build_status import OnBuild
from edge_compress.inference.tensorrt.engine import obtain
from edge_compress.inference.tensorrt.engine_store import EngineStore
from edge_compress.inference.tensorrt.frame import Frame
from edge_compress.inference.tensorrt.library import load
from edge_compress.inference.tensorrt.log import new_log
from edge_compress.inference.tensorrt.model_file import ModelFile

Shape = tuple[int, ...]


class TensorrtSession:
    """One model in TensorRT, on one GPU. To be used by one thread at a time."""

    provider = "tensorrt"

    def __init__(
        self,
        model: ModelSource,
        *,
        options: RuntimeOptions | None = None,
        on_build: OnBuild | None = None,
    ) -> None:
        """Open a model's engine; build it first where there is none yet.

        Args:
            model: an .onnx file, packed or not, or one of a bundle.
            options: how to build and run it.
            on_build: told how far a build is; returns False to cancel it.

        Raises:
            ModelError: the file is missing, no ONNX, or no model of images.
            ProviderError: TensorRT or CUDA is not there, or cannot build or open it.
        """
        options = options or RuntimeOptions()
        file = ModelFile.of(model)
        library = load(options.device_id)
        self._library = library
        self._cuda_graph = options.tensorrt.cuda_graph
        self._log = new_log(library.trt)
        self._frame: Frame | None = None
        self._runtime, self._engine = self._opened(file, options, on_build)
        self._context = self._engine.create_execution_context()
        if self._context is None:
            raise ProviderError(f"TensorRT cannot run {model}: {self._log.last_error}")
        inputs, self.output_names = self._names()
        if len(inputs) != 1:
            raise ModelError(f"{model}: needs one image input, has {', '.join(inputs) or 'none'}")
        self.input_name = inputs[0]
        self._least, self._largest = self._range()
        self.input_shape: tuple[int | None, ...] = tuple(
            low if low == high else None
            for low, high in zip(self._least, self._largest, strict=True)
        )
        self._stream = library.cuda.stream()

    def run(self, tensor: NDArray[np.float32]) -> list[NDArray[Any]]:
        """Run the model once on a float32 [n, 3, height, width] tensor.

        Raises:
            ProviderError: TensorRT or CUDA failed, the shape is not one of the engine's, or the
                session is closed.
        """
        if self._engine is None:
            raise ProviderError("the session is closed")
        self._library.cuda.select(self._library.gpu.index)  # the thread may be another one
        if self._frame is None or self._frame.shape != tensor.shape:
            self._frame = self._new_frame(tensor.shape)
        return self._frame.run(tensor)

    def close(self) -> None:
        """Free the engine and its memory, on the host and on the GPU."""
        if self._engine is None:
            return
        self._free_frame()
        self._library.cuda.runtime.cudaStreamDestroy(self._stream)
        # TensorRT frees each when nothing refers to it: first what was made last.
        self._context = None
        self._engine = None
        self._runtime = None

    def _opened(
        self, file: ModelFile, options: RuntimeOptions, on_build: OnBuild | None
    ) -> tuple[Any, Any]:
        runtime = self._library.trt.Runtime(self._log)
        if options.tensorrt.dla_core is not None:
            runtime.DLA_core = options.tensorrt.dla_core
        for rebuild in (False, True):
            found = obtain(self._library, file, options.tensorrt, on_build, rebuild=rebuild)
            engine = runtime.deserialize_cuda_engine(found.plan)
            if engine is not None:
                return runtime, engine
            # Whole, of the right key, and yet not to be opened: after a change of the driver, say.
            EngineStore(found.path.parent).discard(found.key)
            if found.built_s is not None:
                break
        raise ProviderError(f"TensorRT cannot open the engine: {self._log.last_error}")

    def _names(self) -> tuple[list[str], tuple[str, ...]]:
        engine, mode = self._engine, self._library.trt.TensorIOMode.INPUT
        names = [engine.get_tensor_name(i) for i in range(engine.num_io_tensors)]
        inputs = [name for name in names if engine.get_tensor_mode(name) == mode]
        return inputs, tuple(name for name in names if name not in inputs)

    def _range(self) -> tuple[Shape, Shape]:
        """Least and largest shape of the input."""
        shape = tuple(self._engine.get_tensor_shape(self.input_name))
        if -1 not in shape:
            return shape, shape
        least, _, largest = self._engine.get_tensor_profile_shape(self.input_name, 0)
        return tuple(least), tuple(largest)

    def _new_frame(self, shape: Shape) -> Frame:
        fits = len(shape) == len(self._least) and all(
            low <= size <= high
            for low, size, high in zip(self._least, shape, self._largest, strict=True)
        )
        if not fits:
            raise ProviderError(
                f"the engine takes {list(self._least)} to {list(self._largest)}, got {list(shape)}"
            )
        self._free_frame()
        return Frame(
            self._library,
            self._engine,
            self._context,
            self._stream,
            self._log,
            input_name=self.input_name,
            output_names=self.output_names,
            shape=shape,
            cuda_graph=self._cuda_graph,
        )

    def _free_frame(self) -> None:
        if self._frame is not None:
            self._frame.free()
            self._frame = None
