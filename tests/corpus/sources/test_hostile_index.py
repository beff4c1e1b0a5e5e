"""A package index that wants to be run: on loopback, it answers as it likes, and notes what it is asked for."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from aurora.corpus.sources import packages
from aurora.errors import AuroraError, UserError
from aurora.recipe import load_recipe
from aurora.recipe.packages import WheelPin
from aurora.recipe.sources import WheelsSource
from corpus.sources.small_wheels import write_wheel

ENDLESS = 50_000_000  # bytes; the index stops by itself


class Index(ThreadingHTTPServer):
    """Serves `files` by path; the path /endless.whl goes on for long."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.sent = 0
        self.url = f"http://127.0.0.1:{self.server_port}"

    def offer(self, *links: str) -> None:
        """Let the package `tiny` have these files."""
        page = "".join(f'<a href="{link}">{Path(link.partition("#")[0]).name}</a>\n' for link in links)
        self.files["/simple/tiny/"] = f"<!DOCTYPE html><html><body>{page}</body></html>".encode()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Index)
        server.asked.append(self.path)
        if "endless" in self.path:
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream")
            self.end_headers()
            try:
                while server.sent < ENDLESS:
                    server.sent += self.wfile.write(b"\0" * 100_000)
            except OSError:
                return
            return
        body = server.files.get(self.path)
        self.send_response(200 if body is not None else 404)
        self.send_header("Content-Type", "text/html" if self.path.endswith("/") else "application/octet-stream")
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """The only index that pip knows."""
    server = Index()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    for name in [name for name in os.environ if name.startswith("PIP_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple/")
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def running_archive(proof: Path) -> bytes:
    """A source archive whose build backend, its own, writes `proof` when it is asked anything."""
    backend = f"open({str(proof)!r}, 'w').close()\nraise SystemExit('ran')\n"
    files = {
        "pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n",
        "backend.py": backend,
        "setup.py": backend,
        "PKG-INFO": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"tiny-1.0/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(
            ("name", value)
            for value in (
                "tiny @ {url}/tiny-1.0.tar.gz#egg=x",
                "{url}/tiny-1.0.tar.gz#egg=tiny",
                "./tiny",
                "/tmp/tiny",
                "../tiny",
                "git+{url}/tiny",
                "--requirement=evil.txt",
                "-r",
                "--index-url={url}",
                "tiny[extra]",
                "tiny ; python_version > '3'",
                "tiny\n--pre",
                "tіny",
                "",
            )
        ),
        *(
            ("version", value)
            for value in ("1.0 --hash=sha256:" + "b" * 8, "1.*", "*", "1.0; x", "1.0,>0", "", "१.०", "v1", "=1.0")
        ),
    ],
)
def test_a_pin_is_a_name_and_a_version_and_nothing_else(
    index: Index, minimal_recipe: Path, tmp_path: Path, key: str, value: str
) -> None:
    proof = tmp_path / "ran"
    index.files["/tiny-1.0.tar.gz"] = running_archive(proof)
    value = value.replace("{url}", index.url)
    pin = json.dumps({"name": "tiny", "version": "1.0", "sha256": "a" * 64, key: value})  # which YAML reads, too
    source = f"    wheel: {{kind: wheels, packages: [{pin}]}}\n"
    minimal_recipe.write_text(minimal_recipe.read_text().replace("  sources:\n", f"  sources:\n{source}"))
    where = rf"small\.yaml, line 4: corpus\.sources\.wheel\.packages\.0\.{key}: "
    with pytest.raises(UserError, match=where) as refused:
        found = load_recipe(minimal_recipe).recipe.corpus.sources["wheel"]
        assert isinstance(found, WheelsSource)
        packages.fetch(found.packages, tmp_path)
    assert repr(value)[:40] in str(refused.value)
    assert not proof.exists()
    assert index.asked == []


def test_nothing_is_opened_before_its_hash_is_right(index: Index, tmp_path: Path) -> None:
    proof = tmp_path / "ran"
    wheel = write_wheel(tmp_path, "tiny", "1.0", {})
    index.files["/files/tiny-1.0.tar.gz"] = running_archive(proof)
    index.files[f"/files/{wheel.name}"] = b"no archive at all"
    index.files[f"/files/{wheel.name}.metadata"] = b"Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
    index.offer("/files/tiny-1.0.tar.gz", f"/files/{wheel.name}")
    index.files["/simple/tiny/"] = index.files["/simple/tiny/"].replace(
        f'{wheel.name}">'.encode(), f'{wheel.name}" data-core-metadata="true" data-dist-info-metadata="true">'.encode()
    )
    wanted = WheelPin(name="tiny", version="1.0", sha256=hashlib.sha256(wheel.read_bytes()).hexdigest())
    found = hashlib.sha256(b"no archive at all").hexdigest()
    with pytest.raises(AuroraError, match=f"tiny 1.0 is not the pinned one: its SHA-256 is {found} instead of"):
        packages.fetch([wanted], tmp_path / "cache")
    assert index.asked == ["/simple/tiny/", f"/files/{wheel.name}"]
    assert not proof.exists()
    index.files[f"/files/{wheel.name}"] = wheel.read_bytes()
    (path,) = packages.fetch([wanted], tmp_path / "cache")
    assert path.read_bytes() == wheel.read_bytes()
    assert [file.name for file in path.parent.iterdir()] == [wheel.name]


def test_a_source_archive_of_the_pinned_hash_is_not_run_either(index: Index, tmp_path: Path) -> None:
    proof = tmp_path / "ran"
    archive = running_archive(proof)
    index.files["/files/tiny-1.0.tar.gz"] = archive
    index.offer("/files/tiny-1.0.tar.gz")
    wanted = WheelPin(name="tiny", version="1.0", sha256=hashlib.sha256(archive).hexdigest())
    with pytest.raises(AuroraError, match=r"tiny 1\.0 cannot be downloaded \(No matching distribution"):
        packages.fetch([wanted], tmp_path / "cache")
    assert not proof.exists()
    assert index.asked == ["/simple/tiny/"]


def test_a_file_without_an_end_is_cut_off(index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index.offer("/files/endless/tiny-1.0-py3-none-any.whl")
    small = tuple(part.replace(str(packages.LARGEST_PACKAGE), "1000000") for part in packages._PIP)
    monkeypatch.setattr(packages, "_PIP", small)
    with pytest.raises(AuroraError, match=r"tiny 1\.0 cannot be downloaded \(.*File too large"):
        packages.fetch([WheelPin(name="tiny", version="1.0", sha256="a" * 64)], tmp_path / "cache")
    assert index.sent < ENDLESS
    assert list((tmp_path / "cache/wheels").iterdir()) == []


def test_what_lies_where_the_command_is_given_is_not_run(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = write_wheel(tmp_path / "index", "tiny", "1.0", {})
    index.files[f"/files/{wheel.name}"] = wheel.read_bytes()
    index.offer(f"/files/{wheel.name}")
    here = tmp_path / "here"
    for name in ("pip", "resource", "zipfile"):
        (here / name).mkdir(parents=True)
        for file in ("__init__.py", "__main__.py"):
            (here / name / file).write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\nraise SystemExit(1)\n")
    monkeypatch.chdir(here)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    packages.fetch([WheelPin(name="tiny", version="1.0", sha256=digest)], tmp_path / "cache")
    assert not (tmp_path / "ran").exists()
