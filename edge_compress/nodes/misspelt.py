"""Finds values that were given to a node under a name that is nearly one of its parameters."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping

from rclpy.node import Node

# `confidence_treshold` is 0.97 like the right one. Names less alike may be another node's: one
# parameter file often serves several by `/**`.
_ALIKE = 0.8


def misspelt(node: Node, known: Collection[str]) -> Iterator[str]:
    """Yield a warning for each of them. ROS passes over what a node does not declare.

    Args:
        node: with all of its parameters declared.
        known: their names.
    """
    # rclpy, from Humble to Kilted, has no public way to ask for what is not declared.
    given: Mapping[str, object] = getattr(node, "_parameter_overrides", {})
    for name in given:
        near = difflib.get_close_matches(name, known, n=1, cutoff=_ALIKE)
        if near and not node.has_parameter(name):
            yield f"there is no parameter `{name}`, it is passed over; did you mean `{near[0]}`?"
