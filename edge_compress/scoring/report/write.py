"""Writes the report: each file is there whole, or as it was."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from edge_compress.scoring.errors import ScoringError
from edge_compress.scoring.evaluator import Evaluator
from edge_compress.scoring.result import Evaluation


def make_folder(folder: Path) -> None:
    """See, before anything is measured, that a report can be written.

    Raises:
        ScoringError: the folder cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _cannot(folder, error) from error


def write_report(folder: Path, evaluation: Evaluation, evaluator: Evaluator) -> list[str]:
    """Write evaluation.json and evaluation.html.

    Returns:
        What the user should know: that the page was left out, and which packages it needs.

    Raises:
        ScoringError: the folder cannot be written to.
    """
    make_folder(folder)
    _write(folder / "evaluation.json", evaluation.model_dump_json(indent=1) + "\n")
    page = folder / "evaluation.html"
    try:
        # Here, since a robot may be without them, and the import takes a second.
        from edge_compress.scoring.report.page import render
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in ("jinja2", "markupsafe", "matplotlib"):
            raise
        page.unlink(missing_ok=True)  # an old one would not go with the new figures
        return [f"{page}: not written, {missing} is missing: pip install jinja2 matplotlib"]
    _write(page, render(evaluation, evaluator))
    return []


def _write(path: Path, text: str) -> None:
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).chmod(0o644)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise _cannot(path, error) from error


def _cannot(path: Path, error: OSError) -> ScoringError:
    return ScoringError(f"{path}: the report cannot be written: {error.strerror or error}")
