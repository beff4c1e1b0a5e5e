"""A PostgreSQL server of a test's own: its files in a temporary folder, on this machine alone, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def program(name: str) -> str | None:
    """Where one of its programs is; Debian keeps them off the path."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(debian[-1]) if debian else None)


@contextmanager
def postgres() -> Iterator[str]:
    """The address of an empty database; raises FileNotFoundError where PostgreSQL is not installed."""
    initdb, server = program("initdb"), program("postgres")
    if initdb is None or server is None:
        raise FileNotFoundError("PostgreSQL is not installed")
    root = os.getuid() == 0  # whom it refuses to run as
    user = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []} if root else {}
    with tempfile.TemporaryDirectory(prefix="aurora-postgres-") as folder:
        if root:
            os.chown(folder, pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("nobody").pw_gid)
        options = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **user}
        data = f"{folder}/data"
        subprocess.run([initdb, "-D", data, "-U", "aurora", "-A", "trust", "--no-sync"], check=True, **options)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
        settings = ["-p", str(port), "-c", "listen_addresses=127.0.0.1", "-k", folder]
        process = subprocess.Popen([server, "-D", data, *settings], **options)
        try:
            _wait(port, process)
            yield f"postgresql://aurora@127.0.0.1:{port}/postgres"
        finally:
            process.terminate()
            process.wait(30)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    import psycopg

    deadline = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(f"host=127.0.0.1 port={port} user=aurora dbname=postgres").close()
        except psycopg.OperationalError:
            assert process.poll() is None, "PostgreSQL ended"
            assert time.monotonic() < deadline, "PostgreSQL does not answer"
            time.sleep(0.1)
        else:
            return
