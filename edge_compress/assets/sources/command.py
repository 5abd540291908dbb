"""Run another program for a source."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from edge_compress.assets.errors import SourceError

LIMIT_SECONDS = 300.0


def run(command: Sequence[str], folder: Path) -> None:
    """Run a command in a folder and wait for it.

    Raises:
        SourceError: the program is missing, fails, or takes longer than five minutes; with the last
            line that it wrote.
    """
    if shutil.which(command[0]) is None:
        raise SourceError(f"needs the program {command[0]}, which is not installed")
    try:
        result = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"{command[0]} took longer than {LIMIT_SECONDS:.0f} s") from error
    if result.returncode != 0:
        lines = result.stdout.strip().splitlines() or [f"exit code {result.returncode}"]
        raise SourceError(lines[-1])
