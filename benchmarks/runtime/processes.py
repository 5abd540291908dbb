"""A node in a process of its own, and what it takes of the machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from edge_compress.telemetry.process import CpuUsage, memory_bytes

_TIMEOUT_S = 60.0


class NodeProcess:
    """A program that takes ``--ros-args``; a context manager that ends it.

    Attributes:
        name: the node's full name, without the first slash.
        exit_code: once it has been stopped.
    """

    def __init__(
        self,
        module: str,
        name: str,
        log: Path,
        parameters: Mapping[str, object],
        arguments: Sequence[str] = (),
    ) -> None:
        """Start it.

        Args:
            module: run with ``python -m``.
            name: ``NAMESPACE/NODE``.
            log: file for its output.
            parameters: of the node; lists are written as YAML.
            arguments: put before ``--ros-args``.
        """
        self.name = name
        self.exit_code: int | None = None
        self._log = log
        namespace, _, node = name.rpartition("/")
        command = [sys.executable, "-m", module, *arguments, "--ros-args"]
        command += ["-r", f"__ns:=/{namespace}", "-r", f"__node:={node}"]
        for key, value in parameters.items():
            command += ["-p", f"{key}:={_yaml(value)}"]
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, env=os.environ.copy()
            )
        self._cpu = CpuUsage(pid=self._process.pid)
        self._since = time.monotonic()

    def __enter__(self) -> NodeProcess:
        """Return the process."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        self.stop()

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    @property
    def ended_by_itself(self) -> bool:
        """Whether it is gone though nobody stopped it."""
        return self.exit_code is None and not self.running

    @property
    def log(self) -> str:
        """What it wrote."""
        return self._log.read_text(errors="replace")

    def topic(self, name: str) -> str:
        """A relative topic of the node, in full."""
        return f"/{self.name.rpartition('/')[0]}/{name}"

    def cpu_seconds(self) -> float:
        """CPU time of all its threads since the last call."""
        since, self._since = self._since, time.monotonic()
        return (self._cpu.share() or 0.0) * (self._since - since)

    def memory_mb(self) -> float:
        """Resident memory, in MB of 10^6 bytes; 0 once it is gone."""
        return (memory_bytes(pid=self._process.pid) or 0) / 1e6

    def stop(self) -> int:
        """Ask it to end, as Ctrl-C does, and return the exit code."""
        if self.exit_code is None:
            if self.running:
                self._process.send_signal(signal.SIGINT)
            try:
                self.exit_code = self._process.wait(_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self.exit_code = self._process.wait()
        return self.exit_code


def _yaml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_yaml(one) for one in value)}]"
    return str(value)
