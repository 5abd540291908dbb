"""A small space, and a PostgreSQL server of the tests' own."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from edge_compress.compress.search.algorithm import Random
from edge_compress.compress.search.space import Space
from edge_compress.compress.search.study import open_study

sys.path.insert(0, str(Path(__file__).parent))

USER, PASSWORD = "searcher", "s3cret"


@pytest.fixture
def space():
    return Space.of(
        {"width": {"search": {"low": 1, "high": 30}}, "kind": {"search": ["plain", "residual"]}}
    )


@pytest.fixture
def make_study(tmp_path, space):
    def make(space=space, algorithm=None, *, storage=tmp_path / "a.journal", **changes):
        arguments = {
            "name": "s",
            "space": space,
            "algorithm": algorithm or Random(),
            "seed": 0,
            "objectives": {"quality": "maximize", "latency": "minimize"},
            "config_text": "{}",
        }
        return open_study(storage, **{**arguments, **changes})

    return make


@pytest.fixture
def postgresql(postgresql_server):
    """URL of an empty database."""
    pg8000 = pytest.importorskip("pg8000.native")
    name = f"db{uuid.uuid4().hex}"
    where = make_url(postgresql_server)
    connection = pg8000.Connection(USER, where.host, "postgres", where.port, PASSWORD)
    connection.run(f"CREATE DATABASE {name}")
    connection.close()
    return f"{postgresql_server}/{name}"


@pytest.fixture(scope="session")
def postgresql_server():
    """URL of a server that is there for the tests alone, without a database."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="ec-pg-"))
    # The server refuses to run as root; inside a container tests often do.
    user = "nobody" if os.geteuid() == 0 else None
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)

    def run(program, *arguments):
        subprocess.run(
            [programs / program, *arguments],
            user=user,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            check=True,
            capture_output=True,
            timeout=120,
        )

    data, password = folder / "data", folder / "password"
    password.write_text(PASSWORD)
    password.chmod(0o644)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    try:
        run("initdb", "-D", data, "-U", USER, "--pwfile", password, "-A", "scram-sha-256", "-N")
        options = f"-F -p {port} -k {folder} -h 127.0.0.1"
        run("pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        yield f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{port}"
    finally:
        if data.is_dir():
            run("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _programs():
    """Where the server's programs are; Debian keeps them out of the PATH."""
    found = [Path(path).parent for path in [shutil.which("pg_ctl")] if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in found if (folder / "initdb").exists()), None)
