"""A serialized engine for a model: the kept one, or a new one built outside this thread."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from edge_compress.inference.options import TensorrtOptions
from edge_compress.inference.session import ProviderError
from edge_compress.inference.tensorrt.build_status import OnBuild, Progress
from edge_compress.inference.tensorrt.builder import BuildCancelledError, build
from edge_compress.inference.tensorrt.engine_key import EngineKey
from edge_compress.inference.tensorrt.engine_store import EngineStore, default_folder
from edge_compress.inference.tensorrt.library import Library
from edge_compress.inference.tensorrt.model_file import ModelFile

_LOG = logging.getLogger(__name__)
_PERIOD = 1.0  # seconds between two reports


@dataclass(frozen=True)
class Engine:
    """A serialized engine.

    Attributes:
        plan: what TensorRT's runtime opens.
        key: its identity.
        path: where it is kept.
        built_s: how long the build took; None where it was there already.
    """

    plan: bytes
    key: EngineKey
    path: Path
    built_s: float | None


def obtain(
    library: Library,
    model: ModelFile,
    options: TensorrtOptions,
    on_build: OnBuild | None = None,
    *,
    rebuild: bool = False,
) -> Engine:
    """Return the engine of a model, built first where no whole one of the same key is kept.

    The build runs in a thread of its own; `on_build` is called in this one. TensorRT 10 and newer
    stop when it returns False. An older one cannot be stopped: it is left to finish, and its engine
    is kept for the next time.

    Args:
        library: what is installed here.
        model: the file.
        options: how the engine is to be.
        on_build: told how far it is, about once a second.
        rebuild: build it though there is one.

    Raises:
        BuildCancelledError: `on_build` returned False.
        ModelError: the model is no ONNX file, or no model of images.
        ProviderError: TensorRT cannot build it.
    """
    store = EngineStore(options.cache or default_folder())
    key = EngineKey.of(model, library, options)
    if not rebuild and (plan := store.read(key)) is not None:
        return Engine(plan, key, store.path(key), None)
    work = _Build(library, model, options, store, key, rebuild=rebuild)
    work.start()
    return work.wait(on_build)


class _Build(threading.Thread):
    """Builds one engine. A daemon: a build that cannot be cancelled must not hold up the exit."""

    def __init__(
        self,
        library: Library,
        model: ModelFile,
        options: TensorrtOptions,
        store: EngineStore,
        key: EngineKey,
        *,
        rebuild: bool,
    ) -> None:
        super().__init__(name="tensorrt-build", daemon=True)
        self._library = library
        self._model = model
        self._options = options
        self._store = store
        self._key = key
        self._rebuild = rebuild
        self._progress = Progress(store.earlier_seconds(key))
        self._engine: Engine | None = None
        self._error: Exception | None = None

    def wait(self, on_build: OnBuild | None) -> Engine:
        """Report until it is done, cancelled, or failed."""
        try:
            while True:
                self.join(_PERIOD)
                if not self.is_alive():
                    break
                if on_build is not None and not on_build(self._progress.status()):
                    break
        except BaseException:  # Ctrl-C, or a fault of `on_build`
            self._progress.cancelled = True
            raise
        if self.is_alive():
            self._progress.cancelled = True
            if not self._library.reports_progress:
                raise BuildCancelledError(
                    f"the build was left alone; TensorRT {self._library.version} cannot stop it, "
                    "so it goes on in the background, and its engine is kept"
                )
            self.join()
        if self._error is not None:
            raise self._error
        if self._engine is None:
            raise ProviderError("the build of the engine ended without one")
        return self._engine

    def run(self) -> None:
        """Build under the engine's lock, and keep what comes out."""
        try:
            with self._store.lock(self._key, lambda: not self._progress.cancelled):
                self._engine = self._kept() or self._built()
        except Exception as error:  # noqa: BLE001 - raised again by `wait`
            self._error = error

    def _kept(self) -> Engine | None:
        """The engine that another process built while this one waited for the lock."""
        plan = None if self._rebuild else self._store.read(self._key)
        if plan is None:
            return None
        return Engine(plan, self._key, self._store.path(self._key), None)

    def _built(self) -> Engine:
        self._library.cuda.select(self._library.gpu.index)  # each thread has its own
        model, precision = self._model.for_parser()
        timings = self._store.read_timings(self._key) if self._options.timing_cache else b""
        start = time.monotonic()
        built = build(self._library, model, precision, self._options, self._progress, timings)
        seconds = time.monotonic() - start
        _LOG.info("built the engine of %s in %.0f s", self._model.path, seconds)
        path = self._store.write(self._key, built.plan, seconds)
        if built.timing_cache is not None:
            self._store.write_timings(self._key, built.timing_cache)
        return Engine(built.plan, self._key, path, seconds)
