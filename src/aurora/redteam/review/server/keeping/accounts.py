"""Who may sign in: accounts, passwords, invitations and sessions.

One decision: no secret is kept. Of a password there is its argon2 hash, of a session and an invitation the SHA-256 of
a random token; so a copy of the database lets nobody in. The log knows a person only by a random name (`reviewer`).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import Connection, Row, and_, delete, insert, or_, select, update

from aurora.errors import UserError
from aurora.redteam.review.server.keeping.database import Database
from aurora.redteam.review.server.keeping.tables import accounts, attempts, invitations, sessions

Role = Literal["reviewer", "adjudicator", "admin"]
ROLES: tuple[Role, ...] = ("reviewer", "adjudicator", "admin")
LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")
SHORTEST, LONGEST = 10, 200  # characters of a password
INVITED_SECONDS = 3 * 86_400.0
IDLE_SECONDS, WHOLE_SECONDS = 12 * 3600.0, 7 * 86_400.0  # of a session
SEEN_SECONDS = 60.0  # how exactly it is known when a session was last used
# The first failures cost nothing; each later one doubles the wait. After a quiet hour all is forgotten.
FREE_FAILURES, LONGEST_WAIT, FORGOTTEN = 5, 900.0, 3600.0


@dataclass(frozen=True)
class Person:
    """Somebody with an account."""

    account: int
    login: str
    reviewer: str
    role: Role
    active: bool = True
    invited: bool = False  # and has not chosen a password yet

    def may_settle(self) -> bool:
        """Whether this person decides where reviewers disagree."""
        return self.role in ("adjudicator", "admin")


class NotAllowed(UserError):
    """Something that this person's role does not do."""


class Waits(Exception):
    """Too many sign-ins failed; `seconds` until the next is tried."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"{seconds:.0f} s")
        self.seconds = seconds


class Accounts:
    """The people of a review."""

    def __init__(
        self, database: Database, hasher: PasswordHasher | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._database, self._clock = database, clock
        self._hasher = hasher or PasswordHasher()
        self._nobody = self._hasher.hash(secrets.token_urlsafe(16))  # checked where there is no such account

    def people(self) -> list[Person]:
        """All accounts, by login."""
        with self._database.reading() as connection:
            return [_person(row) for row in connection.execute(select(accounts).order_by(accounts.c.login))]

    def add(self, connection: Connection, login: str, role: str) -> tuple[Person, str]:
        """A new account and the token of its invitation; `UserError` for a login that does not do."""
        login = login.strip().lower()
        if not LOGIN.fullmatch(login):
            raise UserError(
                f"{login!r} is not a login: use 2 to 64 of a-z, 0-9 and . _ @ -, and begin with a letter or digit."
            )
        if role not in ROLES:
            raise UserError(f"{role!r} is none of {', '.join(ROLES)}.")
        if connection.scalar(select(accounts.c.id).where(accounts.c.login == login)) is not None:
            raise UserError(f"There is an account {login} already: choose another login.")
        reviewer = f"r-{secrets.token_hex(6)}"
        connection.execute(
            insert(accounts).values(login=login, reviewer=reviewer, role=role, active=True, created=self._clock())
        )
        row = connection.execute(select(accounts).where(accounts.c.login == login)).one()
        return _person(row), self.invite(connection, row.id)

    def invite(self, connection: Connection, account: int) -> str:
        """The token of a link by which the person chooses a password; earlier ones are void."""
        token = secrets.token_urlsafe(32)
        connection.execute(delete(invitations).where(invitations.c.account == account))
        connection.execute(
            insert(invitations).values(token=_digest(token), account=account, until=self._clock() + INVITED_SECONDS)
        )
        return token

    def invited(self, token: str) -> Person | None:
        """Whose invitation this is, while it is good."""
        joined = accounts.join(invitations, invitations.c.account == accounts.c.id)
        good = and_(invitations.c.token == _digest(token), invitations.c.until > self._clock(), accounts.c.active)
        with self._database.reading() as connection:
            row = connection.execute(select(accounts).select_from(joined).where(good)).one_or_none()
        return _person(row) if row is not None else None

    def accept(self, token: str, password: str) -> Person:
        """Give the invited person the password they chose, once; every session of theirs ends.

        `UserError` for a password that does not do, and for a link that is used up.
        """
        if not SHORTEST <= len(password) <= LONGEST:
            raise UserError(f"A password has {SHORTEST} to {LONGEST} characters: choose another.")
        person = self.invited(token)
        hashed = self._hasher.hash(password) if person else ""
        with self._database.writing() as connection:
            used = connection.execute(delete(invitations).where(invitations.c.token == _digest(token))).rowcount
            if person is None or used != 1:
                raise UserError("This link was used already, or is too old: ask for a new one.")
            connection.execute(update(accounts).where(accounts.c.id == person.account).values(password=hashed))
            connection.execute(delete(sessions).where(sessions.c.account == person.account))
            connection.execute(delete(attempts).where(attempts.c.subject == f"login {person.login}"))
        return person

    def change(self, connection: Connection, account: int, role: str, active: bool) -> Person:
        """Give an account another role, or close it, which ends its sessions; one admin always stays."""
        if role not in ROLES:
            raise UserError(f"{role!r} is none of {', '.join(ROLES)}.")
        row = connection.execute(select(accounts).where(accounts.c.id == account)).one_or_none()
        if row is None:
            raise UserError("There is no such account: reload the page.")
        others = and_(accounts.c.role == "admin", accounts.c.active, accounts.c.id != account)
        stays = role == "admin" and active
        if row.role == "admin" and not stays and connection.scalar(select(accounts.c.id).where(others)) is None:
            raise UserError("This is the last admin: make another account one first.")
        connection.execute(update(accounts).where(accounts.c.id == account).values(role=role, active=active))
        if not active or role != row.role:
            connection.execute(delete(sessions).where(sessions.c.account == account))
        return _person(connection.execute(select(accounts).where(accounts.c.id == account)).one())

    def sign_in(self, login: str, password: str, address: str) -> str | None:
        """The token of a new session; None where login and password are not of one account.

        Raises `Waits` after too many failures, of this login or from this address, whatever is right.
        """
        login = login.strip().lower()[:80]
        subjects = (f"login {login}", f"address {address}")
        self._refuse_early(subjects)
        with self._database.reading() as connection:
            row = connection.execute(select(accounts).where(accounts.c.login == login)).one_or_none()
        known = row is not None and row.active and row.password is not None
        right = self._verify(row.password if row is not None and known else self._nobody, password) and known
        with self._database.writing() as connection:
            if not right or row is None:
                self._failed(connection, subjects)
                return None
            connection.execute(delete(attempts).where(attempts.c.subject.in_(subjects)))
            return self._session(connection, row.id)

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password[: LONGEST + 1])
        except (Argon2Error, InvalidHashError):
            return False

    def _refuse_early(self, subjects: tuple[str, ...]) -> None:
        with self._database.reading() as connection:
            until = connection.scalars(select(attempts.c.until).where(attempts.c.subject.in_(subjects))).all()
        left = max(until, default=0.0) - self._clock()
        if left > 0:
            raise Waits(left)

    def _failed(self, connection: Connection, subjects: tuple[str, ...]) -> None:
        now = self._clock()
        connection.execute(delete(attempts).where(attempts.c.last < now - FORGOTTEN))
        for subject in subjects:
            count = connection.scalar(select(attempts.c.failures).where(attempts.c.subject == subject))
            failures = (count or 0) + 1
            wait = min(LONGEST_WAIT, 2.0 ** min(20, failures - FREE_FAILURES)) if failures >= FREE_FAILURES else 0.0
            values = {"failures": failures, "until": now + wait, "last": now}
            if count is None:
                connection.execute(insert(attempts).values(subject=subject, **values))
            else:
                connection.execute(update(attempts).where(attempts.c.subject == subject).values(**values))

    def _session(self, connection: Connection, account: int) -> str:
        token, now = secrets.token_urlsafe(32), self._clock()
        old = or_(sessions.c.seen < now - IDLE_SECONDS, sessions.c.created < now - WHOLE_SECONDS)
        connection.execute(delete(sessions).where(old))
        connection.execute(insert(sessions).values(token=_digest(token), account=account, created=now, seen=now))
        return token

    def signed_in(self, token: str) -> Person | None:
        """Whose session this is, while it is good."""
        now = self._clock()
        joined = accounts.join(sessions, sessions.c.account == accounts.c.id)
        good = and_(
            sessions.c.token == _digest(token),
            sessions.c.seen > now - IDLE_SECONDS,
            sessions.c.created > now - WHOLE_SECONDS,
            accounts.c.active,
        )
        with self._database.reading() as connection:
            row = connection.execute(select(accounts, sessions.c.seen).select_from(joined).where(good)).one_or_none()
        if row is None:
            return None
        if row.seen < now - SEEN_SECONDS:
            with self._database.writing() as connection:
                connection.execute(update(sessions).where(sessions.c.token == _digest(token)).values(seen=now))
        return _person(row)

    def sign_out(self, token: str) -> None:
        """End a session."""
        with self._database.writing() as connection:
            connection.execute(delete(sessions).where(sessions.c.token == _digest(token)))


def form_token(cookie: str) -> str:
    """What a form has to send besides the cookie: only a page of ours can know it (CSRF)."""
    return hmac.new(cookie.encode(), b"form", hashlib.sha256).hexdigest()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _person(row: Row[tuple[object, ...]]) -> Person:
    return Person(row.id, row.login, row.reviewer, row.role, bool(row.active), row.password is None)
