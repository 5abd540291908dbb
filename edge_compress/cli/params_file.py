"""What a parameter file of ROS says to one node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from edge_compress.cli.arguments import ArgumentError

_STARS = ("*", "**")
_KEY = "ros__parameters"


def read_params_file(path: Path, node: str) -> dict[str, object]:
    """Return what the file says to a node of this name, in whatever namespace; later entries win.

    Raises:
        ArgumentError: the file cannot be read, or says nothing to the node.
    """
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ArgumentError(f"--params {path}: cannot be read: {error}".splitlines()[0]) from error
    said: dict[str, object] = {}
    for name, parameters in _nodes(content):
        if name.rpartition("/")[2] in (node, *_STARS):
            said |= parameters
    if not said:
        raise ArgumentError(
            f"--params {path}: holds no `{_KEY}` of a node `{node}`, nor of `/**` for any node"
        )
    return said


def _nodes(content: object, name: str = "") -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield each node's name and parameters; a node may stand below its namespaces."""
    if not isinstance(content, Mapping):
        return
    for key, value in content.items():
        if key != _KEY:
            yield from _nodes(value, f"{name}/{key}")
        elif isinstance(value, Mapping):
            yield name, value
