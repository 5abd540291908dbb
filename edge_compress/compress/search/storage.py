"""Where a study lies: a journal file, or a PostgreSQL database that workers on many hosts share."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, RDBStorage
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    ProgrammingError,
    SQLAlchemyError,
)

from edge_compress.compress.search.journal import open_journal, remove_journal
from edge_compress.errors import EdgeCompressError

T = TypeVar("T")

URL_FORM = "postgresql://user:password@host:port/database"
CONNECT_SECONDS = 20  # until a host that does not answer counts as unreachable
PAUSES = (1.0, 3.0, 10.0, 30.0)  # seconds; a database that restarts costs no trial
FAULTS = (StorageInternalError, SQLAlchemyError, OSError)


class StudyError(EdgeCompressError):
    """The storage or the study in it cannot be used; the message says why and what to do."""


def is_url(storage: Path | str) -> bool:
    """Whether this names a database, not a file."""
    return "://" in str(storage)


def shown(storage: Path | str) -> str:
    """The storage for a message: a URL without its password."""
    if not is_url(storage):
        return str(storage)
    try:
        return make_url(str(storage)).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):
        return str(storage).partition("://")[0] + "://…"


def open_storage(storage: Path | str, *, must_exist: bool = False) -> BaseStorage:
    """Open the journal file or the database.

    Args:
        storage: path, or ``postgresql://user:password@host:port/database``.
        must_exist: refuse to make a new file.

    Raises:
        StudyError: naming the storage, what is wrong with it and what to do.
    """
    if is_url(storage):
        return _open_database(_database_url(str(storage)), shown(storage))
    path = Path(storage).expanduser().absolute()
    if must_exist and not path.is_file():
        raise StudyError(f"{storage}: no such journal; give the file that the search was begun in")
    try:
        return open_journal(path)
    except OSError as error:
        raise StudyError(f"{storage}: cannot be used as a journal: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StudyError(
            f"{storage}: no journal of a search, or a damaged one ({type(error).__name__}); "
            "give another file, or remove it"
        ) from error


def remove_file(storage: Path | str) -> bool:
    """Remove the storage if it is a file of its own; whether it was one."""
    if is_url(storage):
        return False
    try:
        remove_journal(Path(storage).expanduser().absolute())
    except OSError as error:
        raise StudyError(f"{storage}: cannot be removed: {error.strerror}") from error
    return True


def patiently(call: Callable[[], T], storage: str) -> T:
    """Do what needs the storage; once more after a pause when it cannot be reached.

    Raises:
        StudyError: when it stays so.
    """
    for pause in PAUSES:
        try:
            return call()
        except FAULTS:
            time.sleep(pause)
    try:
        return call()
    except FAULTS as error:
        raise StudyError(
            f"{storage}: cannot be reached any more: {_said(error)}; run again to go on"
        ) from error


def _database_url(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise StudyError(f"{shown(text)}: not a URL such as {URL_FORM}") from None
    kind = url.drivername.partition("+")[0]
    if kind not in {"postgresql", "postgres"}:
        raise StudyError(
            f"{shown(text)}: a search lies in a journal file or in PostgreSQL ({URL_FORM}), "
            f"not in {kind}"
        )
    for part in ("username", "host", "database"):
        if not getattr(url, part):
            raise StudyError(f"{shown(text)}: names no {part}; write {URL_FORM}")
    if importlib.util.find_spec("pg8000") is None:
        raise StudyError(
            "PostgreSQL needs the package pg8000: pip install 'edge_compress[postgresql]'"
        )
    return url.set(drivername="postgresql+pg8000")


def _open_database(url: URL, name: str) -> BaseStorage:
    try:
        try:
            return _database(url)
        except (
            IntegrityError,
            ProgrammingError,
        ):  # two workers have made the tables at the same time
            time.sleep(1)
            return _database(url)
    except (SQLAlchemyError, StorageInternalError) as error:
        raise StudyError(
            f"{name}: cannot be used: {_said(error)}; see that the server runs, and that host, "
            "port, user, password and database are right"
        ) from error
    except RuntimeError as error:  # so Optuna tells of tables that another version made
        raise StudyError(f"{name}: {error}") from error


def _database(url: URL) -> BaseStorage:
    return RDBStorage(
        url.render_as_string(hide_password=False),
        # A connection that broke while a network was trained is opened anew.
        engine_kwargs={"pool_pre_ping": True, "connect_args": {"timeout": CONNECT_SECONDS}},
    )


def _said(error: BaseException) -> str:
    """The server's or the system's own words, in one line."""
    inner: Any = error
    while not isinstance(inner, DBAPIError) and inner.__cause__ is not None:
        inner = inner.__cause__
    if isinstance(inner, DBAPIError) and inner.orig is not None:
        inner = inner.orig
        if inner.args and isinstance(inner.args[0], dict):  # of pg8000: M is the message
            return str(inner.args[0].get("M", inner.args[0]))
        if inner.__cause__ is not None:
            return f"{str(inner).splitlines()[0]} ({inner.__cause__})"
    return (str(inner) or type(inner).__name__).splitlines()[0]
