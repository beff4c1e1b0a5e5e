"""A prompt of a policy as it is written for review: what it is, which clause it hangs on, and where it comes from.

One decision: it holds the hash of its clause (`aurora.redteam.clauses`) beside the version of its policy, so that a
later version of the policy touches exactly the prompts whose clause reads otherwise in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aurora.redteam.policy import Policy
from aurora.redteam.prompts import Item, Kind


@dataclass(frozen=True)
class Prompt:
    """One prompt. `response` is empty where nobody has answered yet; `twin` is the harmful prompt, of the same category
    and template, that a harmless one looks like."""

    id: str
    policy: str
    version: str
    category: str
    clause: str
    language: str
    kind: Kind
    template: str
    prompt: str
    response: str
    twin: str | None
    source: str
    license: str


def prompts_of(
    items: Iterable[Item], policy: Policy, clauses: Mapping[str, str], twins: Mapping[str, str]
) -> list[Prompt]:
    """Items made of a policy's words, with what is known of the policy; `twins` by the id of the harmless one."""
    file = policy.file
    return [
        Prompt(
            id=item.id,
            policy=file.id,
            version=file.version,
            category=item.category,
            clause=clauses[item.category],
            language=item.language,
            kind=item.kind,
            template=item.template,
            prompt=item.prompt,
            response=item.response,
            twin=twins.get(item.id),
            source=f"the words of the policy {file.id} {file.version}",
            license=file.license,
        )
        for item in items
    ]
