"""A model that the user's own function builds."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from edge_compress.compress.models import keras_h5
from edge_compress.compress.models.errors import ModelSourceError
from edge_compress.compress.models.state_dict import load_state_dict


def load_factory(
    source: str, weights: Path | None, arguments: Mapping[str, Any] | None = None
) -> nn.Module:
    """Call ``package.module:factory`` and load the weights into what it returns.

    Modules are also looked for in the current folder, as `python -m` does.

    Args:
        source: module and function.
        weights: a state dict, or .h5 of Keras, or None.
        arguments: of the function, by name.

    Raises:
        ModelSourceError: naming module and function, whatever went wrong in them.
    """
    module_name, _, function_name = source.partition(":")
    _import_from_here()
    try:
        factory = getattr(importlib.import_module(module_name), function_name)
    except ModuleNotFoundError as error:
        raise ModelSourceError(
            f"{source}: {error}; install it, or run from the folder that holds it"
        ) from error
    except AttributeError as error:
        raise ModelSourceError(
            f"{source}: module {module_name!r} has no {function_name!r}"
        ) from error
    except Exception as error:
        raise ModelSourceError(
            f"{source}: importing {module_name!r} failed: {type(error).__name__}: {error}"
        ) from error
    arguments = arguments or {}
    _check_arguments(source, factory, arguments)
    try:
        module = factory(**arguments)
    except Exception as error:
        raise ModelSourceError(
            f"{source}: {function_name}() of {module_name!r} failed: "
            f"{type(error).__name__}: {error}"
        ) from error
    if not isinstance(module, nn.Module):
        raise ModelSourceError(
            f"{source}: {function_name}() of {module_name!r} returned {type(module).__name__}, "
            "a torch.nn.Module is needed"
        )
    if weights is not None:
        keras = weights.suffix in keras_h5.SUFFIXES
        state = keras_h5.load_keras_h5(weights, module) if keras else load_state_dict(weights)
        state.load_into(module)
    return module


def factory_file(source: str) -> Path | None:
    """The file that holds a factory; None where there is none, or it cannot be found."""
    _import_from_here()
    try:
        spec = importlib.util.find_spec(source.partition(":")[0])
    except Exception:  # noqa: BLE001  a package around it may raise anything; loading tells of it
        return None
    path = Path(spec.origin) if spec is not None and spec.origin else None
    return path if path is not None and path.is_file() else None


def _import_from_here() -> None:
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)


def _check_arguments(source: str, factory: Any, arguments: Mapping[str, Any]) -> None:
    try:
        signature = inspect.signature(factory)
    except (TypeError, ValueError):  # not a function, or one written in C: calling it will tell
        return
    try:
        signature.bind(**arguments)
    except TypeError as error:
        takes = ", ".join(
            str(parameter.replace(annotation=inspect.Parameter.empty))
            for parameter in signature.parameters.values()
        )
        raise ModelSourceError(
            f"{source}: `model.arguments` do not fit: {error}; it takes ({takes})"
        ) from error
