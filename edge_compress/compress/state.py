"""The state folder: what a run has finished, so that it can be killed at any moment and go on.

Each pass has a folder that appears by one rename when everything of that pass is on the disk. A
run that goes on therefore starts from the same bytes as one that was never interrupted.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pickle
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import torch
from pydantic import Field, ValidationError

from edge_compress.bundle.schema import Measurement, Profile, StrictModel
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.exported import Exported
from edge_compress.compress.record import PassOutcome
from edge_compress.errors import EdgeCompressError

CANDIDATE = "candidate.pt"
STEP = "step.json"
MAKING = ".making-"


class StateError(EdgeCompressError):
    """The state folder cannot be used; the message says why and what to do."""


class Step(StrictModel):
    """A finished pass, kept or rolled back."""

    key: str
    outcome: PassOutcome
    files: dict[Profile, str] = Field(default_factory=dict)
    measured: dict[Profile, Measurement] = Field(default_factory=dict)


class RunState:
    """A folder with one sub-folder for each finished pass.

    A candidate is saved by torch.save, which is pickle: only use a state folder that is your own.
    """

    def __init__(self, folder: Path, base: str) -> None:
        """Open or make the folder.

        Args:
            folder: for this run alone.
            base: what the whole run depends on, apart from its passes.

        Raises:
            StateError: the folder cannot be written.
        """
        self._folder = folder
        self._base = base
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = (folder / ".lock").open("w")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StateError(f"{folder}: another run is using it; wait, or give another") from error
        except OSError as error:
            raise StateError(f"{folder}: cannot be written: {error.strerror}") from error
        for left in folder.glob(f"{MAKING}*"):  # of a run that was killed
            shutil.rmtree(left, ignore_errors=True)

    def close(self) -> None:
        """Let another run use the folder."""
        self._lock.close()

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """A folder that is gone afterwards, or when the next run opens this state."""
        path = Path(tempfile.mkdtemp(prefix=MAKING, dir=self._folder))
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def key(self, passes: list[str]) -> str:
        """What the result of the last of `passes` depends on."""
        return hashlib.sha256("\n".join([self._base, *passes]).encode()).hexdigest()

    def forget(self, first: int = 0) -> bool:
        """Remove what is known of pass `first` and all after it; whether there was anything."""
        stale = [p for p in self._folder.glob("pass_*") if int(p.name[5:]) >= first]
        for path in sorted(stale, reverse=True):  # the last pass first: never a gap in the middle
            shutil.rmtree(path, ignore_errors=True)
        return bool(stale)

    def step(self, index: int, key: str) -> Step | None:
        """What is known of pass `index`; None when it is not finished or belongs to another run."""
        try:
            text = (self._pass(index) / STEP).read_text(encoding="utf-8")
            step = Step.model_validate_json(text)
        except (OSError, ValidationError):
            return None
        return step if step.key == key else None

    def load(self, index: int, step: Step) -> Exported:
        """The candidate that pass `index` left, with its model files.

        Raises:
            StateError: when the checkpoint is damaged.
        """
        folder = self._pass(index)
        try:
            candidate = torch.load(folder / CANDIDATE, map_location="cpu", weights_only=False)
        except Exception as error:
            raise StateError(
                f"{folder / CANDIDATE}: damaged ({type(error).__name__}); run again with --fresh"
            ) from error
        return Exported(candidate, {p: folder / name for p, name in step.files.items()})

    def save(self, index: int, step: Step, exported: Exported | None) -> None:
        """Write pass `index` to disk; it is there wholly or not at all.

        Raises:
            StateError: when torch cannot write the checkpoint.
            OSError: when the disk is full.
        """
        with self.workspace() as making:
            try:
                if exported is not None:
                    torch.save(exported.candidate, making / CANDIDATE)
                    for path in exported.files.values():
                        shutil.copyfile(path, making / path.name)
                (making / STEP).write_text(step.model_dump_json(indent=2), encoding="utf-8")
                for path in making.iterdir():
                    _sync(path)
                shutil.rmtree(self._pass(index), ignore_errors=True)
                making.rename(self._pass(index))
                _sync(self._folder)
            except RuntimeError as error:  # so torch tells of a full disk
                raise StateError(f"{self._folder}: cannot be written: {error}") from error

    @property
    def reference_file(self) -> Path:
        """Where the original's detections are remembered."""
        return self._folder / f"reference_{self._base[:16]}.npz"

    def _pass(self, index: int) -> Path:
        return self._folder / f"pass_{index:02d}"


def check_picklable(candidate: Candidate) -> None:
    """See before the first pass that checkpoints can be written.

    Raises:
        StateError: when the module's classes cannot be found again by name.
    """
    try:
        torch.save(candidate, BytesIO())
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise StateError(
            f"the model cannot be saved between passes ({error}); "
            "define its classes and functions at the top level of a module"
        ) from error


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
