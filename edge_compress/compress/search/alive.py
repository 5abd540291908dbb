"""Whether the worker of a trial is still alive: by its process, or else by its beats.

Optuna has heartbeats for databases alone, and they compare the clocks of hosts; here one way serves
for journals too, and each worker trusts its own clock only.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from optuna.exceptions import OptunaError
from optuna.trial import FrozenTrial
from sqlalchemy.exc import SQLAlchemyError

BEAT_SECONDS = 15.0
GRACE_SECONDS = 120.0  # without a beat, until a worker that cannot be seen counts as dead
CLAIM = "claim"
BEAT = "beat"


def this_worker() -> dict[str, Any]:
    """Who this process is, so that others on this machine can see whether it is still there."""
    return {**_machine(), "pid": os.getpid(), "started": _started(os.getpid())}


def name_of(worker: Mapping[str, Any] | None) -> str:
    """``host:process`` for a reader."""
    return f"{worker['host']}:{worker['pid']}" if worker else ""


def is_dead(worker: Mapping[str, Any]) -> bool:
    """Whether the process is surely gone; False for one on another machine."""
    here = all(worker.get(key) == value for key, value in _machine().items())
    return here and _started(int(worker["pid"])) != worker.get("started")


class Watch:
    """Finds the trials whose worker died."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[Any, float]] = {}

    def is_orphan(self, trial: FrozenTrial) -> bool:
        """Whether nobody works on this running trial any more."""
        claim = trial.user_attrs.get(CLAIM) or {}
        worker = claim.get("worker")
        if CLAIM in trial.user_attrs and worker is None:  # it was given back
            return True
        if worker is not None and is_dead(worker):
            return True
        sign = (claim.get("attempt"), name_of(worker), trial.user_attrs.get(BEAT))
        now = time.monotonic()
        last, since = self._seen.get(trial.number, (None, now))
        if last != sign:
            self._seen[trial.number] = (sign, now)
            return False
        return now - since > GRACE_SECONDS


class Heartbeat:
    """Tells from a thread, while a trial is evaluated, that its worker is alive."""

    def __init__(self, beat: Callable[[int], None]) -> None:
        """Make one; it beats inside `with`.

        Args:
            beat: called with 1, 2, 3… from another thread.
        """
        self._beat = beat
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        count = 0
        while not self._stop.wait(BEAT_SECONDS):
            count += 1
            try:
                self._beat(count)
            except (OptunaError, SQLAlchemyError, OSError):
                continue  # a lost beat is none; whether the storage is gone shows in the end


def _machine() -> dict[str, str]:
    """What is the same for two processes that can see each other, and not after a restart."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    space = Path("/proc/self/ns/pid")  # of a container
    return {
        "host": socket.gethostname(),
        "boot": boot.read_text().strip() if boot.is_file() else "",
        "processes": str(space.readlink()) if space.is_symlink() else "",
    }


def _started(pid: int) -> str | None:
    """When the process began, so that another with the same number is told apart; None if gone."""
    try:
        # The name, in brackets, may hold anything; state and start time are the 1st and 20th after.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in {"Z", "X"} else fields[19]
