"""Accounts, passwords and sessions: what lets somebody in, and what never does."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select, text

from aurora.errors import UserError
from aurora.redteam.review.server.keeping.accounts import Accounts, Waits, form_token
from aurora.redteam.review.server.keeping.database import Database
from aurora.redteam.review.server.keeping.tables import accounts as table
from redteam.review.server.people import PASSWORD, QUICK


class Clock:
    """A time that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def known(tmp_path: Path, clock: Clock) -> Accounts:
    return Accounts(Database(tmp_path), QUICK, clock)


def added(known: Accounts, login: str = "ada", role: str = "reviewer") -> str:
    with known._database.writing() as connection:
        return known.add(connection, login, role)[1]


def test_a_link_works_once_and_not_for_ever(known: Accounts, clock: Clock) -> None:
    token = added(known)
    invited = known.invited(token)
    assert invited is not None
    assert invited.login == "ada"
    known.accept(token, PASSWORD)
    with pytest.raises(UserError, match="used already"):
        known.accept(token, PASSWORD)
    late = added(known, "late")
    clock.now += 4 * 86_400
    with pytest.raises(UserError, match="too old"):
        known.accept(late, PASSWORD)


def test_a_short_password_leaves_the_link(known: Accounts) -> None:
    token = added(known)
    for bad in ("short", "x" * 201):
        with pytest.raises(UserError, match="10 to 200"):
            known.accept(token, bad)
    assert known.accept(token, PASSWORD).login == "ada"


def test_a_session_ends_when_idle_and_in_the_end(known: Accounts, clock: Clock) -> None:
    known.accept(added(known), PASSWORD)
    session = known.sign_in("ADA ", PASSWORD, "a")
    assert session
    for _ in range(15):
        clock.now += 10 * 3600
        assert known.signed_in(session) is not None
    clock.now += 13 * 3600
    assert known.signed_in(session) is None
    again = known.sign_in("ada", PASSWORD, "a")
    assert again
    for _ in range(16):
        clock.now += 10 * 3600
        known.signed_in(again)
    clock.now += 10 * 3600
    assert known.signed_in(again) is None
    last = known.sign_in("ada", PASSWORD, "a")
    assert last
    known.sign_out(last)
    assert known.signed_in(last) is None


def test_guessing_waits_longer_and_longer_even_for_the_right_password(known: Accounts, clock: Clock) -> None:
    known.accept(added(known), PASSWORD)
    waited = []
    for number in range(12):
        try:
            assert known.sign_in("ada", f"guess {number}", f"address {number}") is None
        except Waits as waits:
            waited.append(waits.seconds)
            with pytest.raises(Waits):
                known.sign_in("ada", PASSWORD, "elsewhere")
            clock.now += waits.seconds + 0.1
    assert len(waited) >= 3
    assert waited == sorted(waited)
    clock.now += 1_000
    assert known.sign_in("ada", PASSWORD, "elsewhere")


def test_an_address_that_guesses_many_logins_waits(known: Accounts) -> None:
    for number in range(5):
        assert known.sign_in(f"nobody{number}", "x", "one place") is None
    with pytest.raises(Waits):
        known.sign_in("anybody", "x", "one place")
    assert known.sign_in("anybody", "x", "another place") is None


def test_no_secret_is_in_the_database(known: Accounts) -> None:
    token = added(known)
    known.accept(token, PASSWORD)
    session = known.sign_in("ada", PASSWORD, "a")
    pending = added(known, "bob")
    with known._database.reading() as connection:
        dump = "\n".join(
            str(row)
            for name in ("accounts", "sessions", "invitations")
            for row in connection.execute(text(f"SELECT * FROM {name}"))
        )
    assert session
    assert all(secret not in dump for secret in (PASSWORD, token, session, pending))
    assert "$argon2id$" in dump


@pytest.mark.parametrize("login", ["", "a", "Ä b", "../x", "<b>", "x" * 65, "a\nb", "' OR 1=1 --"])
def test_odd_logins_are_refused(known: Accounts, login: str) -> None:
    with pytest.raises(UserError, match="is not a login"):
        added(known, login)


def test_a_login_is_there_once_and_a_role_is_one(known: Accounts) -> None:
    added(known)
    with pytest.raises(UserError, match="already"):
        added(known, "ADA")
    with pytest.raises(UserError, match="none of"):
        added(known, "eve", "root")


def test_a_closed_account_is_out_at_once_and_the_last_admin_stays(known: Accounts) -> None:
    known.accept(added(known), PASSWORD)
    known.accept(added(known, "root", "admin"), PASSWORD)
    session = known.sign_in("ada", PASSWORD, "a")
    assert session
    ids = {person.login: person.account for person in known.people()}
    with known._database.writing() as connection:
        known.change(connection, ids["ada"], "reviewer", active=False)
    assert known.signed_in(session) is None
    assert known.sign_in("ada", PASSWORD, "a") is None
    for role, active in (("reviewer", True), ("admin", False)):
        with known._database.writing() as connection, pytest.raises(UserError, match="last admin"):
            known.change(connection, ids["root"], role, active)
    with known._database.reading() as connection:
        assert connection.scalar(select(table.c.role).where(table.c.login == "root")) == "admin"


def test_the_token_of_a_form_hangs_on_the_cookie() -> None:
    assert form_token("a") != form_token("b")
    assert len(form_token("a")) == 64
