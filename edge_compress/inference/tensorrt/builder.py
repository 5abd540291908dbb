"""From an ONNX model to a serialized engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edge_compress.inference.options import TensorrtOptions
from edge_compress.inference.session import ModelError, ProviderError
from edge_compress.inference.tensorrt.build_status import Progress
from edge_compress.inference.tensorrt.library import Library
from edge_compress.inference.tensorrt.log import new_log
from edge_compress.inference.tensorrt.model_file import Precision

_MIB = 1 << 20


class BuildCancelledError(ProviderError):
    """The build of an engine was cancelled."""


@dataclass(frozen=True)
class Built:
    """What a build gives.

    Attributes:
        plan: the serialized engine.
        timing_cache: for the next build; None where none was asked for.
    """

    plan: bytes
    timing_cache: bytes | None


def build(
    library: Library,
    model: bytes,
    precision: Precision,
    options: TensorrtOptions,
    progress: Progress,
    timing_cache: bytes = b"",
) -> Built:
    """Build an engine; takes from seconds to many minutes, in the thread that calls.

    A network is strongly typed where TensorRT can do that, so that it computes as the file says.
    Half precision that the file does not ask for, and DLA, need flags instead, which went with
    TensorRT 11; before TensorRT 10 there are only flags.

    Args:
        library: what is installed here.
        model: a plain .onnx file.
        precision: what the file computes in.
        options: how the engine is to be.
        progress: told how far it is, and asked whether to stop.
        timing_cache: of an earlier build with this TensorRT on this GPU, or empty.

    Raises:
        BuildCancelledError: it was cancelled.
        ModelError: the model is no model of images, or leaves sizes free that the options do not
            give.
        ProviderError: TensorRT cannot parse the model, cannot build it, or lacks what the options
            ask for.
    """
    trt = library.trt
    _check(library, precision, options)
    log = new_log(trt)
    try:
        builder = trt.Builder(log)
    except Exception as error:  # pybind11 raises TypeError for a null pointer
        raise ProviderError(f"TensorRT cannot start: {log.last_error or error}") from error
    typed = library.strongly_typed and not _needs_flags(library, precision, options)
    network = builder.create_network(_network_flags(trt, typed))
    parser = trt.OnnxParser(network, log)
    if not parser.parse(model):
        reasons = [parser.get_error(i).desc() for i in range(parser.num_errors)]
        reason = reasons[0] if reasons else log.last_error
        raise ProviderError(f"TensorRT {library.version} cannot parse the model: {reason}")

    config = builder.create_builder_config()
    _add_profile(builder, config, network, options)
    if not typed:
        _allow_precisions(trt, config, precision, options)
    if options.workspace_mb is not None:
        config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, options.workspace_mb * _MIB)
    if options.optimization_level is not None:
        config.builder_optimization_level = options.optimization_level
    if options.dla_core is not None:
        _use_dla(trt, builder, config, options.dla_core)
    if options.timing_cache:
        _use_timings(config, timing_cache)
    monitor = _monitor(trt, progress) if library.reports_progress else None
    if monitor is not None:
        config.progress_monitor = monitor

    plan = builder.build_serialized_network(network, config)
    if plan is None:
        if progress.cancelled:
            raise BuildCancelledError("the build of the engine was cancelled")
        raise ProviderError(f"TensorRT {library.version} cannot build it: {log.last_error}")
    timings = config.get_timing_cache() if options.timing_cache else None
    return Built(bytes(plan), None if timings is None else bytes(timings.serialize()))


def _needs_flags(library: Library, precision: Precision, options: TensorrtOptions) -> bool:
    asked = options.precision == "fp16" and precision != "fp16"
    return library.has_flags and (asked or options.dla_core is not None)


def _check(library: Library, precision: Precision, options: TensorrtOptions) -> None:
    """Refuse what this TensorRT cannot do, before minutes are spent."""
    half = options.precision == "fp16" and precision != "fp16"
    dla = options.dla_core is not None and precision == "fp32"
    if not library.has_flags and (half or dla):
        asked = "`precision: fp16`" if half else "DLA"
        raise ProviderError(
            f"TensorRT {library.version} computes as the file is written, in {precision}, which "
            f"does not do for {asked}; make the bundle with the pass `half_precision`"
        )
    levels = hasattr(library.trt.IBuilderConfig, "builder_optimization_level")
    if options.optimization_level is not None and not levels:
        raise ProviderError(f"TensorRT {library.version} has no `optimization_level`; 8.6 has")


def _network_flags(trt: Any, typed: bool) -> int:
    flags = trt.NetworkDefinitionCreationFlag
    if typed:
        return 1 << int(flags.STRONGLY_TYPED)
    return 1 << int(flags.EXPLICIT_BATCH)


def _allow_precisions(
    trt: Any, config: Any, precision: Precision, options: TensorrtOptions
) -> None:
    if precision == "int8":
        config.set_flag(trt.BuilderFlag.INT8)
    # DLA computes in half precision or INT8 only.
    if "fp16" in (precision, options.precision) or options.dla_core is not None:
        config.set_flag(trt.BuilderFlag.FP16)


def _add_profile(builder: Any, config: Any, network: Any, options: TensorrtOptions) -> None:
    """Say what sizes come, where the model leaves them free."""
    if network.num_inputs != 1:
        raise ModelError(f"needs one image input, has {network.num_inputs}")
    tensor = network.get_input(0)
    shape = tuple(tensor.shape)
    if len(shape) != 4 or shape[1] not in (3, -1):
        raise ModelError(f"needs an image input [n, 3, h, w], has {tensor.name} {list(shape)}")
    if -1 not in shape:
        return
    if -1 in shape[2:] and options.size is None:
        raise ModelError(f"the model leaves its input size free ({list(shape)}): give `size`")
    size = options.size or shape[2:]
    shapes = [
        tuple(
            has if has != -1 else wanted
            for has, wanted in zip(shape, (batch, 3, *size), strict=True)
        )
        for batch in options.batch
    ]
    profile = builder.create_optimization_profile()
    profile.set_shape(tensor.name, *shapes)
    config.add_optimization_profile(profile)


def _use_timings(config: Any, timings: bytes) -> None:
    """Begin with earlier timings; with none where they are damaged or of another version."""
    cache = config.create_timing_cache(timings)
    if cache is None or not config.set_timing_cache(cache, False):
        config.set_timing_cache(config.create_timing_cache(b""), False)


def _use_dla(trt: Any, builder: Any, config: Any, core: int) -> None:
    if core >= builder.num_DLA_cores:
        raise ProviderError(f"there is no DLA core {core}: this GPU has {builder.num_DLA_cores}")
    config.default_device_type = trt.DeviceType.DLA
    config.DLA_core = core
    config.set_flag(trt.BuilderFlag.GPU_FALLBACK)


def _monitor(trt: Any, progress: Progress) -> Any:
    """TensorRT's view of `progress`; must be kept until the build has ended."""

    class Monitor(trt.IProgressMonitor):  # type: ignore[misc]  # TensorRT has no types
        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            progress.begin(phase_name, parent_phase, num_steps)

        def step_complete(self, phase_name: str, step: int) -> bool:
            progress.step(phase_name, step)
            return not progress.cancelled

        def phase_finish(self, phase_name: str) -> None:
            progress.end(phase_name)

    return Monitor()
