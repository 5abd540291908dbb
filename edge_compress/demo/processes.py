"""The demo's nodes as processes of their own, as a launch file would start them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from edge_compress.errors import EdgeCompressError

GOODBYE_S = 10.0


class NodeError(EdgeCompressError):
    """A node ended before its time; the message names its log."""


class NodeProcess:
    """One node of edge_compress; what it prints goes to a log file."""

    def __init__(self, node: str, log: Path, parameters: Mapping[str, object]) -> None:
        """Start the node.

        Args:
            node: module under edge_compress.nodes.
            log: written anew.
            parameters: ROS parameters by name.
        """
        self.node = node
        self._log = log
        command = [sys.executable, "-m", f"edge_compress.nodes.{node}", "--ros-args"]
        for name, value in parameters.items():
            command += ["-p", f"{name}:={value}"]
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, env=dict(os.environ)
            )

    def check(self) -> None:
        """See that it still runs.

        Raises:
            NodeError: with its last line, when it does not.
        """
        code = self._process.poll()
        if code is not None:
            raise NodeError(f"the {self.node} ended with {code}: {self._last_line()}; {self._log}")

    def __enter__(self) -> NodeProcess:
        """Return the running node."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it as Ctrl-C would, and by force when it does not listen."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(GOODBYE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _last_line(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else "it printed nothing"
