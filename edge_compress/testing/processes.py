"""Nodes as processes of their own, as a launch file would start them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from edge_compress.errors import EdgeCompressError

GOODBYE_S = 10.0
# Level, time and node, as rclpy's log has them before the message.
_MARKS = re.compile(r"^\[\w+\] \[[\d.]+\] \[[^\]]+\]: ")


class NodeError(EdgeCompressError):
    """A node ended before its time; the message names its log."""


class NodeProcess:
    """One node of edge_compress; what it prints goes to a log file."""

    def __init__(
        self,
        node: str,
        log: Path,
        parameters: Mapping[str, object],
        params_file: Path | None = None,
    ) -> None:
        """Start the node.

        Args:
            node: module under edge_compress.nodes.
            log: written anew.
            parameters: ROS parameters by name; they win over the file.
            params_file: ROS parameters as YAML.
        """
        self.node = node
        self._log = log
        command = [sys.executable, "-m", f"edge_compress.nodes.{node}", "--ros-args"]
        if params_file is not None:
            command += ["--params-file", str(params_file)]
        for name, value in parameters.items():
            # JSON is YAML, too, and quotes what YAML would take for something else.
            plain = isinstance(value, (bool, int, float, list))
            # A folder that is named ~ here would be the home to a node.
            whole = value.absolute() if isinstance(value, Path) else value
            text = json.dumps(value if plain else str(whole))
            command += ["-p", f"{name}:={text}"]
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, env=dict(os.environ)
            )

    def check(self) -> None:
        """See that it still runs.

        Raises:
            NodeError: with its last line, when it does not.
        """
        if self.exit_code is not None:
            raise self.error(f"ended with {self.exit_code}")

    @property
    def exit_code(self) -> int | None:
        """What it ended with; None while it runs."""
        return self._process.poll()

    def error(self, what: str) -> NodeError:
        """Return an error that says what became of it, with the last line that it said."""
        return NodeError(f"the {self.node} {what}: {self.last_line()}; {self._log}")

    def stop(self, within_s: float = GOODBYE_S) -> int:
        """End it as Ctrl-C would, by force when it does not listen, and return its exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            return self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def __enter__(self) -> NodeProcess:
        """Return the running node."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it."""
        self.stop()

    def last_line(self) -> str:
        """Return the last line that it printed, without the logger's marks."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return _MARKS.sub("", lines[-1]) if lines else "it printed nothing"
