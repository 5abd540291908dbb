"""Another bundle, or another variant of it, in the place of the running one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from rclpy.node import Node

from edge_compress.bundle.checksums import MANIFEST
from edge_compress.bundle.errors import BundleError
from edge_compress.errors import EdgeCompressError
from edge_compress.inference.tensorrt.build_status import OnBuild
from edge_compress.nodes.loading import Load
from edge_compress.nodes.model_report import ModelFigures
from edge_compress.nodes.opening import Loaded, LoadError, Opening
from edge_compress.nodes.serving import Serving

_CLOSE_S = 10.0  # the building of an engine ends at its next step


class HotSwap:
    """Opens models beside the running one, and has it replaced between two frames.

    What is refused leaves the running one as it is.

    Attributes:
        loaded: what is running.
    """

    def __init__(self, node: Node, serving: Serving, loaded: Loaded) -> None:
        """Begin with what is running."""
        self.loaded = loaded
        self._node = node
        self._serving = serving
        self._load: Load | None = None
        self._earlier_switches = 0
        self._swaps = 0
        self._refused = 0
        self._last_refusal = ""
        self._closed = False

    @property
    def busy(self) -> bool:
        """Whether a bundle is being opened."""
        return self._load is not None and not self._load.done.is_set()

    @property
    def figures(self) -> ModelFigures:
        """What became of the bundle and its providers so far."""
        return ModelFigures(
            bundle=self.loaded.opening.bundle,
            swaps=self._swaps,
            refused=self._refused,
            last_refusal=self._last_refusal,
            loading=str(self._load) if self.busy else "",
            switches=self._earlier_switches + self._serving.detector.switches,
            step=self.loaded.step,
            steps=max(0, len(self.loaded.steps) - 1),
            signers=self.loaded.signers,
        )

    def take(self, opening: Opening) -> Load:
        """Open a bundle and put it in.

        Raises:
            BundleError: it is plainly no bundle; what else may be wrong shows when it is opened.
            LoadError: another one is being opened.
        """
        folder = Path(opening.bundle)
        if not (folder / MANIFEST).is_file():
            why = f"no {MANIFEST} in it" if folder.is_dir() else "no such folder"
            error = BundleError(f"{folder}: not a bundle: {why}")
            self._refuse(opening.bundle, error)
            raise error
        return self._begin(opening.bundle, opening.open, self._on_bundle)

    def step_to(self, step: int) -> Load:
        """Open another variant of the running bundle and put it in.

        Raises:
            LoadError: another one is being opened.
        """
        loaded = self.loaded
        down = step > loaded.step
        name = f"a {'lighter' if down else 'better'} variant of {loaded.opening.bundle}"
        return self._begin(
            name, lambda on_build: loaded.open_step(step, on_build), partial(self._on_step, down)
        )

    def close(self) -> None:
        """Give up what is being opened, and wait for that, but not for a driver that hangs.

        What comes up later is closed at once.
        """
        self._closed = True
        if self._load is not None:
            self._load.cancel()
            self._load.done.wait(_CLOSE_S)

    def _begin(
        self, name: str, open_: Callable[[OnBuild], Loaded], put_in: Callable[[Loaded], None]
    ) -> Load:
        if self.busy:
            raise LoadError(f"still opening {self._load}; wait, then set it again")

        def open_and_put_in(on_build: OnBuild) -> Loaded:
            try:
                loaded = open_(on_build)
                try:
                    put_in(loaded)
                except Exception:
                    loaded.detector.close()
                    raise
            except Exception as error:
                self._refuse(name, error)
                raise
            return loaded

        self._load = Load(name, open_and_put_in)
        return self._load

    def _on_bundle(self, loaded: Loaded) -> None:
        self._put_in(loaded)
        self._swaps += 1
        self._node.get_logger().info(f"swapped: {running(loaded)}")

    def _on_step(self, down: bool, loaded: Loaded) -> None:
        self._put_in(loaded)
        self._node.get_logger().warning(
            f"stepped {'down under load' if down else 'up again'}: {running(loaded)}"
        )

    def _put_in(self, loaded: Loaded) -> None:
        if self._closed:
            raise LoadError("the node has been cleaned up meanwhile")
        switches = self._serving.detector.switches
        self._serving.replace(loaded.detector)
        self._earlier_switches += switches
        self.loaded = loaded
        self._last_refusal = ""

    def _refuse(self, name: str, error: Exception) -> None:
        # A runtime's own exceptions often say little without their names.
        known = isinstance(error, EdgeCompressError)
        why = str(error) if known else f"{type(error).__name__}: {error}"
        self._last_refusal = why  # before the count: a report in between would be without it
        self._refused += 1
        self._node.get_logger().error(f"refused {name}: {why}; the one before goes on running")


def running(loaded: Loaded) -> str:
    """Say what runs where."""
    variant = loaded.detector.variant
    file = variant.file if variant else "the model"
    return f"{file} of {loaded.opening.bundle} runs on {loaded.detector.provider}"
