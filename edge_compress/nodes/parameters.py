"""One table a node: each parameter's name, default, description and limits."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.exceptions import ParameterException
from rclpy.node import Node
from rclpy.parameter import Parameter as RosParameter

from edge_compress.errors import EdgeCompressError
from edge_compress.misspelt import misspelt

Value: TypeAlias = bool | int | float | str | list[str] | list[int]
# always: at once, while the node runs; idle: while the node is not configured; start: only on the
# command line or in the parameter file.
When = Literal["always", "idle", "start"]


class ParameterError(EdgeCompressError):
    """A parameter's value is refused."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a node.

    Attributes:
        default: gives the type, too; an integer is taken for a float.
        low: smallest value of a number, or of each number of a list.
        high: largest value of a number, or of each number of a list.
        choices: all the values that a string, or each string of a list, may have.
        when: when a new value is taken.
        items: type of what is in a list.
        path: names a file or a folder, or a list of them; ~ is the home of who runs the node. No
            shell puts it in after ``:=``, and nothing does in a parameter file.
    """

    name: str
    default: Value
    description: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    when: When = "start"
    items: type[str] | type[int] = str
    path: bool = False

    def problem(self, value: object) -> str:
        """Return why the value is refused, or nothing."""
        kind = type(self.default)
        if kind is float and type(value) is int:
            value = float(value)
        if kind is list and isinstance(value, Iterable) and not isinstance(value, str):
            value = list(value)  # rclpy gives integers as an array
        given: list[Any] = value if isinstance(value, list) else [value]
        items = self.items if kind is list else kind
        if type(value) is not kind or any(type(item) is not items for item in given):
            kinds = f"a list of {_ITEMS[self.items]}" if kind is list else _KINDS[kind]
            return f"`{self.name}` must be {kinds}, got {value!r}"
        if self.low is not None and self.high is not None:
            # Written so that NaN is refused, too.
            if not all(self.low <= number <= self.high for number in given):
                return f"`{self.name}` must be from {self.low:g} to {self.high:g}, got {value}"
        elif self.choices and not (given and set(given) <= set(self.choices)):
            return f"`{self.name}` must be of {', '.join(self.choices)}; got {value!r}"
        return ""

    def read(self, value: Any) -> Any:
        """Return what a value that is not refused means to the node."""
        if isinstance(self.default, float):
            return float(value)
        if isinstance(self.default, list):
            return [_from_home(item) if self.path else item for item in value or ()]
        return _from_home(value) if self.path else value

    def descriptor(self) -> ParameterDescriptor:
        """Return what ``ros2 param describe`` shows."""
        text = f"{self.description} {_WHEN[self.when]}"
        described = ParameterDescriptor(
            name=self.name,
            description=text,
            additional_constraints=f"one of {', '.join(self.choices)}" if self.choices else "",
            read_only=self.when == "start",
            # rclpy would refuse `confidence_threshold:=1` for being no float, and takes an empty
            # list for one of bytes; `problem` knows better.
            dynamic_typing=isinstance(self.default, (float, list)),
        )
        if self.low is not None and self.high is not None:
            if isinstance(self.default, list):
                described.additional_constraints = f"from {self.low:g} to {self.high:g} each"
            elif isinstance(self.default, float):
                described.floating_point_range = [
                    FloatingPointRange(from_value=float(self.low), to_value=float(self.high))
                ]
            else:
                described.integer_range = [
                    IntegerRange(from_value=int(self.low), to_value=int(self.high), step=1)
                ]
        return described


_KINDS = {bool: "true or false", int: "an integer", float: "a number", str: "a string"}
_ITEMS = {str: "strings", int: "integers"}
_WHEN = {
    "always": "May be changed while the node runs.",
    "idle": "Read on configure.",
    "start": "Read when the node starts.",
}


class Parameters:
    """Declares a table on a node, and refuses bad values with the reason."""

    def __init__(
        self,
        node: Node,
        table: Iterable[Parameter],
        *,
        idle: Callable[[], bool] = lambda: True,
        on_change: Callable[[Mapping[str, Any]], None] = lambda _: None,
    ) -> None:
        """Declare the table.

        Args:
            node: the node that gets the parameters.
            table: all of its parameters.
            idle: whether the node is not configured.
            on_change: called with the new values once each has been accepted; may still refuse
                them all by an EdgeCompressError.

        Raises:
            ParameterError: a value from the command line or a parameter file is refused.
        """
        self._node = node
        self._table = {parameter.name: parameter for parameter in table}
        self._idle = idle
        self._on_change = on_change
        self._declared = False
        node.add_on_set_parameters_callback(self._check)
        for parameter in self._table.values():
            try:
                node.declare_parameter(parameter.name, parameter.default, parameter.descriptor())
            except ParameterException as error:
                raise ParameterError(_one_line(error)) from error
        self._declared = True
        # ROS passes over what is not declared, and rclpy has no public way to ask for it.
        for name, near in misspelt(getattr(node, "_parameter_overrides", ()), self._table).items():
            node.get_logger().warning(
                f"there is no parameter `{name}`, it is passed over; did you mean `{near}`?"
            )

    def __getitem__(self, name: str) -> Any:
        return self._table[name].read(self._node.get_parameter(name).value)

    def changed(self, changes: Mapping[str, Any]) -> Callable[[str], Any]:
        """Return what gives a parameter's value by its name, changes before what is set."""
        return lambda name: changes[name] if name in changes else self[name]

    def _check(self, changes: list[RosParameter[Any]]) -> SetParametersResult:
        accepted: dict[str, Any] = {}
        for change in changes:
            parameter = self._table.get(change.name)
            if parameter is None:  # one of rclpy's own, such as use_sim_time
                continue
            value = change.value
            if value is None and not self._declared and isinstance(parameter.default, list):
                value = []  # so rclpy reads the empty list of a parameter file
            problem = parameter.problem(value)
            if not problem and self._declared and parameter.when == "idle" and not self._idle():
                problem = (
                    f"`{change.name}` is read on configure: first deactivate and clean up the node"
                )
            if problem:
                return SetParametersResult(successful=False, reason=problem)
            accepted[change.name] = parameter.read(value)
        if self._declared and accepted:
            try:
                self._on_change(accepted)
            except EdgeCompressError as error:
                return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)


def _one_line(error: ParameterException) -> str:
    return " ".join(str(error).split())


def _from_home(path: str) -> str:
    # pathlib makes "." of an empty path, and raises for ~nobody.
    return os.path.expanduser(path)  # noqa: PTH111
