"""A project's folder, opened and served.

    DIR/ review.sqlite (or PostgreSQL)  policies/ID.yaml  key.pem  .review.lock

One decision: what decides labels (policies, labels, how many reviews) is fixed by the first start and
changed by events alone; where the server listens is said at each start, and is this machine alone unless told
otherwise.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from sqlalchemy import select

from aurora.console.progress import say
from aurora.errors import UserError
from aurora.files import LONGEST_BEGINNING, keep_from_overwriting
from aurora.redteam.review.log.contents import DEFAULT_LABELS, Head, PolicyVersion, Settings
from aurora.redteam.review.log.contents import Person as LoggedPerson
from aurora.redteam.review.log.event import Event
from aurora.redteam.review.log.file import write_log
from aurora.redteam.review.log.keys import public_hex, take_key
from aurora.redteam.review.log.replay import hanging
from aurora.redteam.review.server.desk.texts import Texts, keep, kept, read_policy, version_of
from aurora.redteam.review.server.keeping.accounts import Accounts
from aurora.redteam.review.server.keeping.database import Database
from aurora.redteam.review.server.keeping.store import Store
from aurora.redteam.review.server.keeping.tables import accounts as account_table

if TYPE_CHECKING:
    from fastapi import FastAPI

KEY = "key.pem"
ADMIN = "admin"
KEPT_SECONDS = 75  # of a connection without requests: people read for a while between two labels


@dataclass(frozen=True)
class Beginning:
    """What a project is begun with."""

    policies: Sequence[str] = ()
    title: str = ""
    reviews: int = 2
    most: int = 3


@dataclass
class Project:
    """An open project; `close` lets go of it."""

    folder: Path
    store: Store
    accounts: Accounts
    texts: Texts
    links: dict[str, str]  # tokens of new accounts, by login; shown once

    def close(self) -> None:
        """Let go of the database."""
        self.store.database.close()


def open_project(
    folder: Path,
    beginning: Beginning,
    address: str | None = None,
    requeue: bool = False,
    hasher: PasswordHasher | None = None,
) -> Project:
    """Open a project, or begin it; `UserError` where a policy has changed and `requeue` does not allow for it."""
    if beginning.most < beginning.reviews:
        raise UserError(f"--most {beginning.most} is less than --reviews {beginning.reviews}: give as many or more.")
    files = [read_policy(name) for name in beginning.policies]
    _refuse_folder(folder)
    if not files and not (folder / KEY).exists():
        raise UserError(f"{folder} holds no review yet: name its policies with --policy (`aurora ls policies`).")
    database = Database(folder, address)
    try:
        store = Store(database, take_key(folder / KEY))
        accounts, links = Accounts(database, hasher), dict[str, str]()
        if store.state.head is None:
            links[ADMIN] = _begin(store, accounts, folder, beginning, [version_of(file) for file, _ in files])
        _refuse_key(store, folder)
        for file, _ in files:
            _follow(store, version_of(file), requeue)
        for file, text in files:
            keep(folder, file, text)
        return Project(folder, store, accounts, Texts(kept(folder, [file for file, _ in files])), links)
    except BaseException:
        database.close()
        raise


def _refuse_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file: give a folder as --data.")
    ours = (folder / KEY).exists() or not folder.exists()
    if not ours and any(folder.iterdir()):
        raise UserError(f"{folder} holds other files and no review: give an empty or a new folder as --data.")


def _refuse_key(store: Store, folder: Path) -> None:
    head = store.state.head
    if head is not None and head.key != public_hex(store.key):
        raise UserError(f"{folder / KEY} is not the key that the log is signed with: restore it from a copy.")


def _begin(store: Store, accounts: Accounts, folder: Path, beginning: Beginning, policies: list[PolicyVersion]) -> str:
    """Write the head of the log and the first admin; returns the token of the admin's link."""
    if not policies:
        raise UserError("The database holds no review yet: name its policies with --policy (`aurora ls policies`).")
    settings = Settings(labels=list(DEFAULT_LABELS), reviews=beginning.reviews, most=beginning.most)
    title = beginning.title or folder.resolve().name or "review"
    head = Head(project=title, key=public_hex(store.key), settings=settings, policies=policies)
    with store.writing() as writer:
        person, token = accounts.add(writer.connection, ADMIN, "admin")
        writer.add("head", person.reviewer, head)
    return token


def _follow(store: Store, version: PolicyVersion, requeue: bool) -> None:
    """Let the log know a policy as it reads now, where it reads otherwise than the log says."""
    known = store.state.policies.get(version.id)
    if known == version:
        return
    fallen = hanging(store.state, version) if known else []
    if known is not None and not requeue:
        changed = sorted(
            name
            for name in known.clauses.keys() | version.clauses.keys()
            if known.clauses.get(name) != version.clauses.get(name)
        )
        what = f"in {', '.join(changed)}" if changed else "in its version or title"
        raise UserError(
            f"The policy {version.id} reads otherwise than when this review used it last ({what}); {len(fallen):,} "
            "labels hang on that: add --requeue to ask for those anew, or give the policy as it was."
        )
    with store.writing() as writer:
        writer.add("requeue", admin_of(store), version)
    if known is not None:
        say(f"  {version.id}, version {version.version}: {len(fallen):,} labels are asked for anew")


def admin_of(store: Store) -> str:
    """In whose name the command line acts: the first admin of the log."""
    return next(person.id for person in store.state.people.values() if person.role == "admin" and person.active)


def add_person(project: Project, login: str, role: str) -> None:
    """Add an account; its link is among `links`. An account that is there already gets a new link."""
    store, accounts = project.store, project.accounts
    with store.writing() as writer:
        known = writer.connection.execute(select(account_table).where(account_table.c.login == login)).one_or_none()
        if known is not None:
            project.links[login] = accounts.invite(writer.connection, known.id)
            return
        person, token = accounts.add(writer.connection, login, role)
        writer.add("reviewer", admin_of(store), LoggedPerson(id=person.reviewer, role=person.role))
    project.links[person.login] = token


def save_log(project: Project, path: Path) -> int:
    """Write the log as a file, in the place of an earlier one of it alone; returns how many events it has."""
    head = next(project.store.lines())
    keep_from_overwriting(path, lambda beginning: beginning.startswith(head[:LONGEST_BEGINNING]))
    return write_log(path, (Event.read(line) for line in project.store.lines()))


@dataclass(frozen=True)
class Listening:
    """Where a server listens, and the names that it answers to."""

    host: str = "127.0.0.1"
    port: int = 8100
    names: Sequence[str] = ()
    https: bool = False


def serve(project: Project, style: str, where: Listening) -> None:
    """Serve a project until the process is asked to end."""
    import uvicorn

    from aurora.redteam.review.server.web.app import LOOPBACK, make_app

    beyond = where.host not in LOOPBACK
    if beyond and not where.names:
        raise UserError(
            f"--host {where.host} can be reached from elsewhere: say by which names, with --name review.example.org."
        )
    with closing(_listen(where)) as listener:
        port = listener.getsockname()[1]
        name = where.names[0] if where.names else where.host
        address = f"https://{name}" if where.https else f"http://{name}:{port}"
        hosts = {*LOOPBACK, *(name.lower() for name in where.names)}
        app: FastAPI = make_app(
            project.store, project.accounts, project.texts, style=style, hosts=hosts, secure=where.https
        )
        for login, token in project.links.items():
            say(f"{login} chooses a password here (once, within three days): {address}/welcome?token={token}")
        if beyond and not where.https:
            say("Note: passwords travel unencrypted: put a proxy with HTTPS in front, and add --https.")
        say(f"The review is at {address}/ (Ctrl-C ends it).")
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=where.https,  # whose sign-ins fail is then known from a proxy on this machine, and no other
            forwarded_allow_ips="127.0.0.1,::1",
            timeout_keep_alive=KEPT_SECONDS,
        )
        uvicorn.Server(config).run(sockets=[listener])


def _listen(where: Listening) -> socket.socket:
    family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
    # With the protocol named, asyncio sends each part of an answer at once; else the second waits 40 ms for the first.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((where.host, where.port))
        listener.listen(
            128
        )  # before the address is said: whoever comes at once waits a moment instead of being refused
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"Port {where.port} of {where.host} cannot be used ({reason}): give another --port.") from error
    return listener
