"""TensorRT without a GPU, with what NVIDIA documents of it: versions 8.5 to 11.

Each class offers only what the backend uses and what that version has; anything else raises, as
the real bindings do. `names` lists it all, for the test that looks it up in the real bindings.
Engines really compute.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from fake_binding import is_of_python
from fake_builder import building
from fake_cuda import FakeCuda
from fake_foundation import foundation
from fake_runtime import running


class FakeTensorrt:
    """The module ``tensorrt`` of one version on one GPU.

    Attributes:
        module: what is imported.
        builds: what each build was told, the latest last: typed, flags, profile, workspace, ...
        phases: (name, parent, steps) that a build goes through.
        at_step: called at each step of a build, from the thread that builds.
        refuses_graph: whether this network cannot be captured.
        fails: whether runs fail.
        opens: whether engines can be opened.
    """

    def __init__(self, version: str, cuda: FakeCuda) -> None:
        self.version = version
        self.generation = tuple(int(part) for part in version.split(".")[:2])
        self.cuda = cuda
        self.builds: list[dict[str, Any]] = []
        self.phases = (("Build", None, 4), ("Tactics", "Build", 2))
        self.at_step: Callable[[], object] = lambda: None
        self.refuses_graph = self.fails = False
        self.opens = True
        self.module = self._module()

    @property
    def names(self) -> set[str]:
        """Everything that is offered: classes, methods, attributes, members of enumerations."""
        classes = {n: item for n, item in vars(self.module).items() if isinstance(item, type)}
        classes["Severity"] = self.module.ILogger.Severity
        inner = {n for item in classes.values() for n in dir(item) if not is_of_python(item, n)}
        return classes.keys() | inner

    def at_least(self, *version: int) -> bool:
        """Whether this version is the given one or newer."""
        return self.generation >= version

    def _module(self) -> ModuleType:
        module = ModuleType("tensorrt")
        module.__version__ = self.version
        for each in (*foundation(self), *building(self), *running(self)):
            setattr(module, each.__name__, each)
        # The bindings call it so.
        module.ParserError = module.__dict__.pop("IParserError")
        return module
