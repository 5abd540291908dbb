"""Of the fake TensorRT: from an ONNX model to a plan."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import onnx
from fake_binding import plain, refuse_unknown

if TYPE_CHECKING:
    from fake_tensorrt import FakeTensorrt

MAGIC = b"fake plan\n"


def building(fake: FakeTensorrt) -> list[type]:
    """Return the classes of this version."""
    at_least = fake.at_least

    class ITimingCache:
        def __init__(self, content):
            self._content = content

        def serialize(self):
            return fake.module.IHostMemory(self._content)

    class IOptimizationProfile:
        def set_shape(self, name, *least_usual_largest):
            self._shapes = {name: least_usual_largest}

    class IBuilderConfig:
        __setattr__ = refuse_unknown
        default_device_type = plain("default_device_type")
        DLA_core = plain("DLA_core")
        if at_least(8, 6):
            builder_optimization_level = plain("builder_optimization_level")
        if at_least(10, 0):
            progress_monitor = plain("progress_monitor")

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

        name = plain("name")
        shape = plain("shape")

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
                logger.log(fake.module.ILogger.Severity.ERROR, "CUDA initialization failure")
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
            return _build(fake, self._logger, network, config)

    return [
        ITimingCache,
        IOptimizationProfile,
        IBuilderConfig,
        ITensor,
        INetworkDefinition,
        IParserError,
        OnnxParser,
        Builder,
    ]


def _build(fake: FakeTensorrt, logger: Any, network: Any, config: Any) -> Any:
    def refuse(why: str) -> None:
        logger.log(fake.module.ILogger.Severity.ERROR, why)

    typed = fake.generation >= (11, 0) or bool(network._flags & 1 << 1)
    if fake.generation < (10, 0) and not network._flags & 1 << 0:
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
    fake.builds.append(told)
    if not _steps(fake, getattr(config, "progress_monitor", None)):
        return refuse("the build was cancelled")
    if config._timings is not None:
        config._timings._content = f"timings of {fake.version}".encode()
    header = {"version": fake.version, "profile": profile}
    plan = MAGIC + json.dumps(header).encode() + b"\n" + network._model.SerializeToString()
    return fake.module.IHostMemory(plan)


def _steps(fake: FakeTensorrt, monitor: Any) -> bool:
    for name, parent, steps in fake.phases:
        if monitor is not None:
            monitor.phase_start(name, parent, steps)
        for step in range(steps):
            fake.at_step()
            if monitor is not None and not monitor.step_complete(name, step):
                return False
    for name, _, _ in reversed(fake.phases):
        if monitor is not None:
            monitor.phase_finish(name)
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
