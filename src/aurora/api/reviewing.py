"""Human review of red-team items in the browser.

One decision: a folder holds all of a project, and one call opens it, brings in what is new and serves it; so what a
command does once (import, add a person, write the log) is the same project that others see in the browser.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aurora.console.progress import say
from aurora.errors import UserError


def review(
    data: Path | str,
    *,
    policies: Sequence[str] = (),
    imports: Sequence[Path | str] = (),
    title: str = "",
    reviews: int = 2,
    most: int = 3,
    users: Sequence[str] = (),
    requeue: bool = False,
    save_log: Path | str | None = None,
    database: str | None = None,
    host: str = "127.0.0.1",
    port: int = 8100,
    names: Sequence[str] = (),
    https: bool = False,
) -> None:
    """Serve the review in the folder `data` until the process is asked to end; or write its log to `save_log`.

    A folder without a review needs `policies`. `users` are LOGIN:ROLE, each of which gets a link to choose a password.
    Raises `UserError` for what is wrong with any of it, and where the extra `review` is not installed.
    """
    try:
        from aurora.redteam.review.server import starting
        from aurora.redteam.review.server.desk.importing import import_path
    except ModuleNotFoundError as error:
        raise UserError(f"The review needs {error.name}: pip install 'aurora-lm[review]'.") from error
    from aurora.reporting.page.frame import style

    wanted = [_person(user) for user in users]
    beginning = starting.Beginning(tuple(policies), title, reviews, most)
    project = starting.open_project(Path(data), beginning, database, requeue)
    try:
        for login, role in wanted:
            starting.add_person(project, login, role)
        for path in imports:
            report = import_path(project.store, starting.admin_of(project.store), Path(path))
            say(f"{path}: {report['said']}")
        if save_log is not None:
            count = starting.save_log(project, Path(save_log))
            say(f"{save_log} holds the {count:,} events of the log.")
            return
        starting.serve(project, style(), starting.Listening(host, port, tuple(names), https))
    finally:
        project.close()


def _person(user: str) -> tuple[str, str]:
    login, colon, role = user.strip().partition(":")
    if not colon:
        raise UserError(f"{user!r} says no role: write LOGIN:reviewer, LOGIN:adjudicator or LOGIN:admin.")
    return login.lower(), role
