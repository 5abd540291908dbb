"""The options of each runtime as parameters."""

from pathlib import Path

import pytest
from pydantic import BaseModel

pytest.importorskip("rclpy", reason="needs ROS 2")

from edge_compress.inference.options import CpuOptions, RuntimeOptions, TensorrtOptions
from edge_compress.nodes.parameters import ParameterError
from edge_compress.nodes.runtime_options import RUNTIME_PARAMETERS, runtime_options

TABLE = {parameter.name: parameter for parameter in RUNTIME_PARAMETERS}


def options(**changes):
    """Build the options from the parameters' defaults and some changes; `__` stands for a dot."""
    values = {name: parameter.default for name, parameter in TABLE.items()}
    values |= {name.replace("__", "."): value for name, value in changes.items()}
    assert set(values) == set(TABLE)
    return runtime_options(values.__getitem__)


def leaves(model, prefix=""):
    for name, value in model:
        if isinstance(value, BaseModel):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name


def test_every_option_is_a_parameter_and_the_defaults_are_the_models():
    assert list(TABLE) == list(leaves(RuntimeOptions()))
    assert options() == RuntimeOptions()


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("device_id", 1, 1),
        ("cpu.spin", True, True),
        ("cpu.arena", False, False),
        ("cuda.memory_limit_mb", 512, 512),
        ("cuda.memory_limit_mb", 0, None),
        ("cuda.arena_growth", "doubling", "doubling"),
        ("tensorrt.precision", "fp16", "fp16"),
        ("tensorrt.dla_core", 0, 0),  # the first one
        ("tensorrt.dla_core", -1, None),
        ("tensorrt.optimization_level", 0, 0),
        ("tensorrt.batch", [1, 2, 4], (1, 2, 4)),
        ("tensorrt.size", [320, 416], (320, 416)),
        ("tensorrt.size", [0, 0], None),
        ("tensorrt.cache", "/var/cache/engines", Path("/var/cache/engines")),
        ("tensorrt.cache", "", None),
    ],
)
def test_a_value_is_allowed_and_read(name, value, read):
    assert TABLE[name].problem(value) == ""
    found = options(**{name.replace(".", "__"): value})
    for part in name.split("."):
        found = getattr(found, part)
    assert found == read


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("device_id", -1, "from 0"),
        ("cpu.spin", 1, "true or false"),
        ("cuda.memory_limit_mb", -5, "from 0"),
        ("cuda.arena_growth", "tripling", "as_requested, doubling"),
        ("tensorrt.optimization_level", 6, "from -1 to 5"),
        ("tensorrt.batch", [1.5, 2, 3], "a list of integers"),
        ("tensorrt.batch", [1, -2, 4], "from 0"),
        ("tensorrt.batch", "4", "a list of integers"),
    ],
)
def test_a_value_that_the_model_would_refuse_is_refused_at_once(name, value, why):
    problem = TABLE[name].problem(value)
    assert f"`{name}`" in problem and why in problem


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("tensorrt.batch", [4, 2, 1], "must be 1 <= least <= usual <= largest"),
        ("tensorrt.batch", [1, 2], "must be 3 integers"),
        ("tensorrt.size", [320, 0], "must be positive"),
    ],
)
def test_values_that_do_not_go_together_are_one_line_that_names_the_parameter(name, value, why):
    with pytest.raises(ParameterError, match=f"^`{name}`.* {why}") as caught:
        options(**{name.replace(".", "__"): value})
    assert "\n" not in str(caught.value)


def test_each_is_described_by_its_field_with_its_range():
    level = TABLE["tensorrt.optimization_level"].descriptor()
    assert "TensorRT: 5 builds longest and runs fastest" in level.description
    assert "-1 is none" in level.description
    assert (level.integer_range[0].from_value, level.integer_range[0].to_value) == (-1, 5)
    growth = TABLE["cuda.arena_growth"].descriptor()
    assert growth.additional_constraints == "one of as_requested, doubling"
    assert all(parameter.when == "idle" for parameter in RUNTIME_PARAMETERS)


def test_groups_are_built():
    built = options(cpu__spin=True, tensorrt__workspace_mb=256, device_id=2)
    assert built == RuntimeOptions(
        device_id=2, cpu=CpuOptions(spin=True), tensorrt=TensorrtOptions(workspace_mb=256)
    )
