"""The device table: what single operators take on one machine, as a JSON file."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from pydantic import Field, ValidationError

from edge_compress.bundle.schema import StrictModel
from edge_compress.inference.device_table.errors import DeviceTableError
from edge_compress.inference.device_table.kernel import Kernel

SCHEMA_VERSION = 1


class Row(Kernel):
    """A kernel and what it takes, in milliseconds.

    Whatever else the machine does only ever makes a run longer: the lower quartile is what
    predictions are learnt from.
    """

    p25_ms: float = Field(gt=0)
    p50_ms: float = Field(gt=0)
    runs: int = Field(gt=0)


class WholeRun(StrictModel):
    """One of the networks that the rows were measured in, run as a whole without the profiler."""

    kernels: int = Field(gt=0)
    kernels_ms: float = Field(gt=0, description="p25 of its kernels, added up")
    p50_ms: float = Field(gt=0)


class DeviceTable(StrictModel):
    """What one machine takes for the operators that networks are made of."""

    schema_version: int = SCHEMA_VERSION
    device: str = Field(description="board or CPU as the machine reports it")
    provider: str
    threads: int = Field(gt=0)
    block: int = Field(ge=1, description="channels that convolutions lay side by side; 1 for none")
    libraries: dict[str, str]
    celsius_before: dict[str, float] = Field({}, description="by thermal zone, where readable")
    celsius_after: dict[str, float] = Field({}, description="the same, at the end")
    power_mode: str | None = None
    created: str = Field(description="UTC, ISO 8601")
    rows: tuple[Row, ...] = Field(min_length=1)
    whole: tuple[WholeRun, ...] = Field(min_length=1)


def load_table(path: Path | str) -> DeviceTable:
    """Read a device table.

    Raises:
        DeviceTableError: there is no such file, it is no device table, or it was written by a newer
            version; the message names the file.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DeviceTableError(
            f"{path}: no such device table; write it on the robot with "
            f"`edge_compress profile --device-table {path.name}`"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise DeviceTableError(f"{path}: cannot be read: {error}") from error
    try:
        content = json.loads(text)
    except ValueError as error:
        raise DeviceTableError(f"{path}: is not JSON: {error}") from error
    version = content.get("schema_version") if isinstance(content, dict) else None
    if not isinstance(version, int):
        raise DeviceTableError(f"{path}: is no device table: it has no `schema_version`")
    # Looked at first: a newer schema may have keys that this version would call unknown.
    if version > SCHEMA_VERSION:
        raise DeviceTableError(
            f"{path}: made by a newer edge_compress (schema {version}, this one reads "
            f"{SCHEMA_VERSION}); update edge_compress on this machine"
        )
    try:
        return DeviceTable.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise DeviceTableError(f"{path}: {key}: {first['msg']}; measure it again") from error


def check_writable(path: Path) -> None:
    """Refuse a place for a table before minutes are spent on measuring it.

    Raises:
        DeviceTableError: the folder is not there, cannot be written in, or `path` is something else
            than a device table.
    """
    folder = path.absolute().parent
    if not folder.is_dir():
        raise DeviceTableError(f"{path}: there is no folder {folder}; make it first")
    if not os.access(folder, os.W_OK):
        raise DeviceTableError(f"{path}: cannot write in {folder}")
    if path.exists():
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            content = None
        if not isinstance(content, dict) or "schema_version" not in content:
            raise DeviceTableError(f"{path}: exists and is no device table; it is left alone")


def save_table(table: DeviceTable, path: Path) -> None:
    """Write a table: all of it, or nothing.

    Raises:
        DeviceTableError: it cannot be written.
    """
    content = table.model_dump(mode="json", exclude_defaults=True, exclude={"rows", "whole"})
    content = {"schema_version": table.schema_version, **content}
    head = json.dumps(content, indent=1).removesuffix("\n}")
    # One row a line: it can be read, compared and searched with plain tools.
    parts = [
        f'"{name}": [\n' + ",\n".join(_line(one) for one in rows) + "\n]"
        for name, rows in (("whole", table.whole), ("rows", table.rows))
    ]
    text = ",\n".join((head, *parts)) + "\n}\n"
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.absolute().parent, prefix=f".{path.name}.", delete=False
        ) as file:
            try:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).chmod(0o644)
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise DeviceTableError(f"{path}: cannot be written: {reason}") from error


def _line(one: StrictModel) -> str:
    return json.dumps(one.model_dump(mode="json", exclude_defaults=True))
