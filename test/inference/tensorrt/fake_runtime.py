"""Of the fake TensorRT: engines that are opened and run. ONNX Runtime does what the GPU would."""

from __future__ import annotations

import ctypes
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
from fake_binding import plain, refuse_unknown
from fake_builder import MAGIC

if TYPE_CHECKING:
    from fake_cuda import Stream
    from fake_tensorrt import FakeTensorrt

_KINDS = {"tensor(float)": "FLOAT", "tensor(float16)": "HALF", "tensor(int64)": "INT64"}


def running(fake: FakeTensorrt) -> list[type]:
    """Return the classes."""

    class IExecutionContext:
        def __init__(self, engine):
            self._engine, self._addresses, self._allocators = engine, {}, {}
            self._shape, self._runs = None, 0

        def set_input_shape(self, name, shape):
            self._shape = tuple(shape)
            return True

        def get_tensor_shape(self, name):
            return self._engine._shape_for(name, self._shape)

        def set_tensor_address(self, name, memory):
            if memory not in fake.cuda.memory:
                return False
            self._addresses[name] = memory
            return True

        def set_output_allocator(self, name, output_allocator):
            self._allocators[name] = output_allocator
            return True

        def execute_async_v3(self, stream_handle):
            assert type(stream_handle) is int
            return _execute(fake, self, fake.cuda.stream(stream_handle))

    class ICudaEngine:
        def __init__(self, logger, header, model):
            self._logger, self._header = logger, header
            self._session = onnxruntime.InferenceSession(model)
            self._inputs = {i.name: i for i in self._session.get_inputs()}
            self._outputs = {o.name: o for o in self._session.get_outputs()}
            self._names = [*self._inputs, *self._outputs]

        @property
        def num_io_tensors(self):
            return len(self._names)

        def get_tensor_name(self, index):
            return self._names[index]

        def get_tensor_mode(self, name):
            return (
                fake.module.TensorIOMode.INPUT
                if name in self._inputs
                else fake.module.TensorIOMode.OUTPUT
            )

        def get_tensor_dtype(self, name):
            return fake.module.DataType[_KINDS[{**self._inputs, **self._outputs}[name].type]]

        def get_tensor_shape(self, name):
            shape = {**self._inputs, **self._outputs}[name].shape
            return tuple(size if isinstance(size, int) else -1 for size in shape)

        def get_tensor_profile_shape(self, name, profile_index):
            return [tuple(shape) for shape in self._header["profile"][name]]

        def create_execution_context(self):
            return IExecutionContext(self)

        def _shape_for(self, name, shape):
            """With what the input's shape tells; the rest depends on data."""
            if name in self._inputs:
                return shape
            (given,) = self._inputs.values()
            known = dict(zip(given.shape, shape, strict=True))
            sizes = self._outputs[name].shape
            return tuple(s if isinstance(s, int) else known.get(s, -1) for s in sizes)

    class Runtime:
        __setattr__ = refuse_unknown
        DLA_core = plain("DLA_core")

        def __init__(self, logger):
            self._logger = logger

        def deserialize_cuda_engine(self, serialized_engine):
            header, model = _split(serialized_engine)
            if header is None or header["version"] != fake.version or not fake.opens:
                self._logger.log(
                    fake.module.ILogger.Severity.ERROR, "Serialization\n  assertion failed"
                )
                return None
            return ICudaEngine(self._logger, header, model)

    return [IExecutionContext, ICudaEngine, Runtime]


def _execute(fake: FakeTensorrt, context: Any, stream: Stream) -> bool:
    engine = context._engine
    log = engine._logger.log
    error = fake.module.ILogger.Severity.ERROR
    given = {**context._addresses, **{k: v for k, v in context._allocators.items() if v}}
    if missing := [name for name in engine._names if name not in given]:
        log(error, f"no address for {missing}")
        return False
    capturing = stream.capture is not None
    if fake.fails or (capturing and fake.refuses_graph):
        log(error, "enqueueV3\n  failed")
        stream.invalid = capturing
        return False
    if capturing and context._runs == 0:
        log(error, "the first run allocates, and cannot be captured")
        stream.invalid = True
        return False
    context._runs += 1
    if not any(context._allocators.values()):
        stream.put(lambda: _compute(context))
        return True
    if capturing:
        stream.invalid = True
        return False
    stream.finish()
    return _compute(context)


def _compute(context: Any) -> bool:
    engine = context._engine
    (name,) = engine._inputs
    size = int(np.prod(context._shape))
    raw = (ctypes.c_float * size).from_address(context._addresses[name])
    image = np.ctypeslib.as_array(raw).reshape(context._shape)
    for output, value in zip(
        engine._outputs, engine._session.run(None, {name: image}), strict=True
    ):
        value = np.ascontiguousarray(value)
        address = context._addresses.get(output)
        if allocator := context._allocators.get(output):
            address = allocator.reallocate_output(output, 0, value.nbytes, 256)
            if address is None:
                return False
            allocator.notify_shape(output, value.shape)
        ctypes.memmove(address, value.ctypes.data, value.nbytes)
    return True


def _split(plan: bytes) -> tuple[dict[str, Any] | None, bytes]:
    if not plan.startswith(MAGIC):
        return None, b""
    header, _, model = plan[len(MAGIC) :].partition(b"\n")
    return json.loads(header), model
