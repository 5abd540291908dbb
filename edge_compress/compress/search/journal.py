"""The file that a study lies in, safe against workers that are killed at any moment."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock


class KernelLock(JournalFileOpenLock):
    """A lock that the kernel takes back from a process that dies.

    Optuna's own locks are files, which a killed worker leaves behind: the others then wait for half
    a minute. flock works on NFS too, since Linux 2.6.12.
    """

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._path = journal.with_name(f"{journal.name}.lock")
        self._handle: int | None = None

    def acquire(self) -> bool:
        """Wait for the lock; what is written next then begins a line of its own."""
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            _mend(self._journal)
        except BaseException:
            os.close(handle)
            raise
        self._handle = handle
        return True

    def release(self) -> None:
        """Let the next one have it."""
        if self._handle is not None:
            fcntl.flock(self._handle, fcntl.LOCK_UN)  # a forked process may have it open too
            os.close(self._handle)
            self._handle = None


def open_journal(path: Path) -> JournalStorage:
    """The storage in that file, which is made if it is not there.

    Raises:
        OSError: when it cannot be read or written.
        ValueError: when it is no journal, or a damaged one.
    """
    if path.is_file() and path.stat().st_size:
        with path.open("rb") as file:
            if b'"op_code"' not in file.readline():
                raise ValueError("no journal")
    lock = KernelLock(path)
    lock.acquire()
    lock.release()
    return JournalStorage(JournalFileBackend(str(path), lock_obj=KernelLock(path)))


def remove_journal(path: Path) -> None:
    """Remove it with its lock."""
    for file in (path, path.with_name(f"{path.name}.lock")):
        file.unlink(missing_ok=True)


def _mend(path: Path) -> None:
    """Cut off half a line, which a full disk or a power cut leaves at the end."""
    with path.open("a+b") as file:
        if not file.seek(0, os.SEEK_END):
            return
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.seek(0)
            file.truncate(file.read().rfind(b"\n") + 1)
