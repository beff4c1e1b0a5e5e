"""What a reviewer reads of the policies: each category's clause, in words.

One decision: a project keeps a copy of each policy's file, and shows a clause only if it is the one that the log names
by its hash; so nobody labels under a text that is not the one the label says.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from aurora.errors import Mistakes, UserError
from aurora.files import read_regular, write_text
from aurora.redteam.checks import mistakes_in_policy
from aurora.redteam.clauses import clause_hashes, lines_of
from aurora.redteam.policy import PolicyFile
from aurora.redteam.review.log.contents import PolicyVersion
from aurora.redteam.review.log.state import State
from aurora.shipped import places
from aurora.written.data_files import read_data

FOLDER = "policies"
LARGEST = 10_000_000  # bytes of a policy's file


def read_policy(name: str | Path) -> tuple[PolicyFile, str]:
    """A policy by its file or its name, and the text of its file."""
    path = places.find("policies", str(name), Path.cwd())
    try:
        told = read_data(path, PolicyFile, "a policy file")
    except FileNotFoundError as error:
        raise UserError(f"The policy {path} does not exist ({places.suggestion('policies', path)}).") from error
    if wrong := told.sentences(mistakes_in_policy):
        raise Mistakes(str(path), wrong)
    assert told.content is not None
    return told.content, read_regular(path, LARGEST, UserError).decode()


def version_of(file: PolicyFile) -> PolicyVersion:
    """A policy as the log names it."""
    return PolicyVersion(id=file.id, version=file.version, title=file.title, clauses=clause_hashes(file))


def keep(folder: Path, file: PolicyFile, text: str) -> None:
    """Keep a policy's file in a project."""
    write_text(folder / FOLDER / f"{file.id}.yaml", text)


def kept(folder: Path, read: Iterable[PolicyFile] = ()) -> list[PolicyFile]:
    """The policies of a project; those that were read just now are not read again."""
    known = {file.id: file for file in read}
    return [known.get(path.stem) or read_policy(path)[0] for path in sorted((folder / FOLDER).glob("*.yaml"))]


class Texts:
    """The clauses of a project's policies, in words."""

    def __init__(self, files: Iterable[PolicyFile]) -> None:
        self._files = {file.id: file for file in files}

    def categories(self, state: State) -> dict[str, dict[str, Any]]:
        """What stands of each category that has a clause in the log: by policy and category, joined by a slash."""
        shown: dict[str, dict[str, Any]] = {}
        for policy in state.policies.values():
            file = self._files.get(policy.id)
            hashes = clause_hashes(file) if file else {}
            lines = {line[-1].id: line for line in lines_of(file)} if file else {}
            for category, digest in policy.clauses.items():
                title = lines[category][-1].title if category in lines else category
                entry: dict[str, Any] = {"id": category, "policy": policy.id, "title": title, "parts": []}
                entry["named"] = f"{policy.title}, version {policy.version}"
                if hashes.get(category) == digest and file is not None:
                    entry["parts"] = _parts(file, lines[category])
                shown[f"{policy.id}/{category}"] = entry
        return shown


def _parts(file: PolicyFile, line: tuple[Any, ...]) -> list[list[str]]:
    """Headings and texts of a clause: from the top category down to the one itself, then what they cite."""
    parts: list[list[str]] = []
    for category in line:
        above = "" if category is line[-1] else f" ({category.title})"
        for heading, text in (
            ("What it is about", category.definition),
            ("Refused", category.refused),
            ("Allowed", category.allowed),
        ):
            if text:
                parts.append([heading + above, text])
    cited = [name for category in line for name in category.clauses]
    return [*parts, *([f"Cites {name}", file.source.clauses.get(name, "")] for name in dict.fromkeys(cited))]
