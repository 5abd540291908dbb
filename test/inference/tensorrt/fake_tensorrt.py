"""TensorRT without a GPU, with what NVIDIA documents of it: versions 8.5 to 11.

Each class offers only what the backend uses and what that version has; anything else raises, as
the real bindings do. `names` lists it all, for the test that looks it up in the real bindings.
Engines really compute: ONNX Runtime does what the GPU would.
"""

from __future__ import annotations

import ctypes
import json
from enum import Enum, IntEnum
from types import ModuleType
from typing import Any

import numpy as np
import onnx
import onnxruntime
from fake_cuda import FakeCuda

_MAGIC = b"fake plan\n"
_KINDS = {"tensor(float)": "FLOAT", "tensor(float16)": "HALF", "tensor(int64)": "INT64"}


def _refuse_unknown(self: Any, name: str, value: Any) -> None:
    """Set only what the class has, as classes of a binding do."""
    if not name.startswith("_") and not hasattr(type(self), name):
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
    object.__setattr__(self, name, value)


def _plain(name: str) -> Any:
    """An attribute that can be read and set."""
    return property(
        lambda self: getattr(self, f"_{name}", None),
        lambda self, value: object.__setattr__(self, f"_{name}", value),
    )


class FakeTensorrt:
    """The module ``tensorrt`` of one version on one GPU.

    Attributes:
        module: what is imported.
        builds: what each build was told, the latest last: typed, flags, profile, workspace, ...
        phases: (name, parent, steps) that a build goes through.
        at_step: called at each step of a build, from the thread that builds.
        refuses_graph: whether this network cannot be captured.
        fails: whether runs fail.
        opens: whether engines can be opened.
    """

    def __init__(self, version: str, cuda: FakeCuda) -> None:
        self.version = version
        self.generation = tuple(int(part) for part in version.split(".")[:2])
        self.cuda = cuda
        self.builds: list[dict[str, Any]] = []
        self.phases = (("Build", None, 4), ("Tactics", "Build", 2))
        self.at_step = lambda: None
        self.refuses_graph = self.fails = False
        self.opens = True
        self.module = self._module()

    @property
    def names(self) -> set[str]:
        """Everything that is offered: classes, methods, attributes, members of enumerations."""
        classes = {n: item for n, item in vars(self.module).items() if isinstance(item, type)}
        classes["Severity"] = self.module.ILogger.Severity
        inner = {n for item in classes.values() for n in dir(item) if not _is_of_python(item, n)}
        return classes.keys() | inner

    def _module(self) -> ModuleType:
        fake, at_least = self, lambda *version: self.generation >= version
        module = ModuleType("tensorrt")
        module.__version__ = self.version

        class ILogger:
            class Severity(IntEnum):
                INTERNAL_ERROR = 0
                ERROR = 1
                WARNING = 2

            def log(self, severity, msg):
                raise NotImplementedError

        class NetworkDefinitionCreationFlag(IntEnum):
            if not at_least(11, 0):
                EXPLICIT_BATCH = 0
            if at_least(10, 0):
                STRONGLY_TYPED = 1

        class BuilderFlag(IntEnum):
            if not at_least(11, 0):
                FP16 = 0
                INT8 = 1
            GPU_FALLBACK = 3

        class MemoryPoolType(IntEnum):
            WORKSPACE = 0

        class DeviceType(IntEnum):
            GPU = 0
            DLA = 1

        class TensorIOMode(IntEnum):
            NONE = 0
            INPUT = 1
            OUTPUT = 2

        kinds = ["FLOAT", "HALF", "INT8", "INT32", "BOOL", "UINT8"]
        kinds += ["INT64"] if at_least(10, 0) else []
        DataType = Enum("DataType", kinds)  # noqa: N806

        class IOutputAllocator:
            def reallocate_output(self, tensor_name, memory, size, alignment):
                raise NotImplementedError

            def notify_shape(self, tensor_name, shape):
                raise NotImplementedError

        class IHostMemory:
            def __init__(self, content):
                self._content = content

            def __bytes__(self):
                return self._content

        class ITimingCache:
            def __init__(self, content):
                self._content = content

            def serialize(self):
                return IHostMemory(self._content)

        class IOptimizationProfile:
            def set_shape(self, name, *least_usual_largest):
                self._shapes = {name: least_usual_largest}

        class IBuilderConfig:
            __setattr__ = _refuse_unknown
            default_device_type = _plain("default_device_type")
            DLA_core = _plain("DLA_core")
            if at_least(8, 6):
                builder_optimization_level = _plain("builder_optimization_level")
            if at_least(10, 0):
                progress_monitor = _plain("progress_monitor")

            def __init__(self):
                self._flags, self._pools, self._profiles, self._timings = set(), {}, [], None

            def set_flag(self, flag):
                self._flags.add(flag.name)

            def set_memory_pool_limit(self, pool, pool_size):
                self._pools[pool.name] = pool_size

            def add_optimization_profile(self, profile):
                self._profiles.append(profile)
                return len(self._profiles) - 1

            def create_timing_cache(self, serialized_timing_cache):
                content = bytes(serialized_timing_cache)
                return None if content.startswith(b"damaged") else ITimingCache(content)

            def set_timing_cache(self, cache, ignore_mismatch):
                # A cache knows which version and GPU it is of.
                own = f"timings of {fake.version}".encode()
                if not cache._content.startswith(own) and cache._content and not ignore_mismatch:
                    return False
                self._timings = cache
                return True

            def get_timing_cache(self):
                return self._timings

        class ITensor:
            def __init__(self, value):
                sizes = value.type.tensor_type.shape.dim
                self._name = value.name
                self._shape = tuple(d.dim_value if d.HasField("dim_value") else -1 for d in sizes)

            name = _plain("name")
            shape = _plain("shape")

        class INetworkDefinition:
            def __init__(self, flags):
                self._flags, self._model = flags, None

            @property
            def num_inputs(self):
                return len(self._model.graph.input)

            def get_input(self, index):
                return ITensor(self._model.graph.input[index])

        class IParserError:
            def __init__(self, text):
                self._text = text

            def desc(self):
                return self._text

        class OnnxParser:
            def __init__(self, network, logger):
                self._network, self._errors = network, []

            def parse(self, model):
                try:
                    parsed = onnx.load_from_string(model)
                except Exception:  # noqa: BLE001 - protobuf's own class differs by version
                    self._errors.append("Failed to parse the ONNX model.")
                    return False
                self._errors += _refused(parsed)
                self._network._model = parsed
                return not self._errors

            @property
            def num_errors(self):
                return len(self._errors)

            def get_error(self, index):
                return IParserError(self._errors[index])

        class Builder:
            def __init__(self, logger):
                if "Builder" in fake.cuda.fails:
                    logger.log(ILogger.Severity.ERROR, "CUDA initialization failure")
                    raise TypeError("pybind11::init(): factory function returned nullptr")
                self._logger = logger

            @property
            def num_DLA_cores(self):  # noqa: N802 - TensorRT's name
                return 2

            def create_network(self, flags=0):
                return INetworkDefinition(flags)

            def create_builder_config(self):
                return IBuilderConfig()

            def create_optimization_profile(self):
                return IOptimizationProfile()

            def build_serialized_network(self, network, config):
                return fake._build(self._logger, network, config, module)

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
                return fake._execute(self, fake.cuda.stream(stream_handle))

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
                return TensorIOMode.INPUT if name in self._inputs else TensorIOMode.OUTPUT

            def get_tensor_dtype(self, name):
                return DataType[_KINDS[{**self._inputs, **self._outputs}[name].type]]

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
            __setattr__ = _refuse_unknown
            DLA_core = _plain("DLA_core")

            def __init__(self, logger):
                self._logger = logger

            def deserialize_cuda_engine(self, serialized_engine):
                header, model = _split(serialized_engine)
                if header is None or header["version"] != fake.version or not fake.opens:
                    self._logger.log(ILogger.Severity.ERROR, "Serialization\n  assertion failed")
                    return None
                return ICudaEngine(self._logger, header, model)

        classes = [
            ILogger, NetworkDefinitionCreationFlag, BuilderFlag, MemoryPoolType, DeviceType,
            TensorIOMode, DataType, IOutputAllocator, IHostMemory, ITimingCache,
            IOptimizationProfile, IBuilderConfig, ITensor, INetworkDefinition, IParserError,
            OnnxParser, Builder, IExecutionContext, ICudaEngine, Runtime,
        ]  # fmt: skip
        if at_least(10, 0):

            class IProgressMonitor:
                def phase_start(self, phase_name, parent_phase, num_steps):
                    raise NotImplementedError

                def step_complete(self, phase_name, step):
                    raise NotImplementedError

                def phase_finish(self, phase_name):
                    raise NotImplementedError

            classes.append(IProgressMonitor)
        for each in classes:
            each.__name__ = each.__name__.rpartition(".")[2]
            setattr(module, each.__name__, each)
        # The bindings call it so.
        module.ParserError = module.__dict__.pop("IParserError")
        return module

    def _build(self, logger: Any, network: Any, config: Any, module: ModuleType) -> Any:
        def refuse(why: str) -> None:
            logger.log(module.ILogger.Severity.ERROR, why)

        typed = self.generation >= (11, 0) or bool(network._flags & 1 << 1)
        if self.generation < (10, 0) and not network._flags & 1 << 0:
            return refuse("networks with an implicit batch are not supported")
        if typed and config._flags & {"FP16", "INT8"}:
            return refuse("precision flags are not allowed in a strongly typed network")
        (tensor,) = (network.get_input(i) for i in range(network.num_inputs))
        profile = {k: v for p in config._profiles for k, v in p._shapes.items()}
        if -1 in tensor.shape and tensor.name not in profile:
            return refuse("Network has dynamic inputs but no optimization profile")
        told = {
            "typed": typed,
            "flags": config._flags,
            "profile": profile,
            "workspace": config._pools.get("WORKSPACE"),
            "level": getattr(config, "builder_optimization_level", None),
            "device": config.default_device_type,
            "dla_core": config.DLA_core,
            "timings": config._timings and config._timings._content,
        }
        self.builds.append(told)
        if not self._steps(getattr(config, "progress_monitor", None)):
            return refuse("the build was cancelled")
        if config._timings is not None:
            config._timings._content = f"timings of {self.version}".encode()
        header = {"version": self.version, "profile": profile}
        plan = _MAGIC + json.dumps(header).encode() + b"\n" + network._model.SerializeToString()
        return module.IHostMemory(plan)

    def _steps(self, monitor: Any) -> bool:
        for name, parent, steps in self.phases:
            if monitor is not None:
                monitor.phase_start(name, parent, steps)
            for step in range(steps):
                self.at_step()
                if monitor is not None and not monitor.step_complete(name, step):
                    return False
        for name, _, _ in reversed(self.phases):
            if monitor is not None:
                monitor.phase_finish(name)
        return True

    def _execute(self, context: Any, stream: Any) -> bool:
        engine = context._engine
        log = engine._logger.log
        error = self.module.ILogger.Severity.ERROR
        given = {**context._addresses, **{k: v for k, v in context._allocators.items() if v}}
        if missing := [name for name in engine._names if name not in given]:
            log(error, f"no address for {missing}")
            return False
        capturing = stream.capture is not None
        if self.fails or (capturing and self.refuses_graph):
            log(error, "enqueueV3\n  failed")
            stream.invalid = capturing
            return False
        if capturing and context._runs == 0:
            log(error, "the first run allocates, and cannot be captured")
            stream.invalid = True
            return False
        context._runs += 1
        if not any(context._allocators.values()):
            stream.put(lambda: self._compute(context))
            return True
        if capturing:
            stream.invalid = True
            return False
        stream.finish()
        return self._compute(context)

    def _compute(self, context: Any) -> bool:
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


def _refused(model: onnx.ModelProto) -> list[str]:
    """What TensorRT's parser says against a model, of what it documents as unsupported."""
    constants = {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    errors = []
    dequantized = set()
    for node in model.graph.node:
        if node.op_type == "DequantizeLinear":
            dequantized.update(node.output)
            if constants.get(node.input[0]) == onnx.TensorProto.INT32:
                errors.append("DequantizeLinear: only INT8, FP8 and INT4 are supported, not INT32")
        if node.op_type == "Conv" and node.input[1] not in {*constants, *dequantized}:
            errors.append("Conv: the kernel weights must be an initializer")
    return errors


def _split(plan: bytes) -> tuple[dict[str, Any] | None, bytes]:
    if not plan.startswith(_MAGIC):
        return None, b""
    header, _, model = plan[len(_MAGIC) :].partition(b"\n")
    return json.loads(header), model


def _is_of_python(item: type, name: str) -> bool:
    """Whether TensorRT has nothing to do with an attribute."""
    enum = issubclass(item, Enum)
    return name.startswith("_") or (enum and name not in item.__members__)
