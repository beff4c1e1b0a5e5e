"""Prompts chosen from conversations: what people asked first, sorted by a policy, unlike each other.

One decision: whatever is left out is counted by its reason, and a file that is mostly an evaluation set is refused as a
whole, because the rest of it is likely to be one too.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aurora.corpus.cleaning.identify import Cld2
from aurora.corpus.conversation import USER, turns_of
from aurora.corpus.document import Document, Quarantined
from aurora.corpus.sources.conversations import read_conversations
from aurora.errors import UserError
from aurora.files import default_cache
from aurora.languages.labels import UNDETERMINED
from aurora.recipe.sources import ConversationsSource
from aurora.redteam.clauses import clause_hashes
from aurora.redteam.generating.apart import Apart
from aurora.redteam.generating.kept_out import MOST_OF_SETS, KeptOut
from aurora.redteam.generating.likeness import Like, Likeness, farthest
from aurora.redteam.generating.prompt import Prompt
from aurora.redteam.policy import Policy
from aurora.redteam.prompts import WHOLE

SOURCE = "conversations"
LONGEST_PROMPT = 4_000  # characters; a longer one is a document


@dataclass(frozen=True)
class Asked:
    """What somebody asked first, in which language, and where it stands."""

    prompt: str
    language: str
    license: str
    where: str


@dataclass
class Chosen:
    """The prompts that were taken, and how many were not, by reason."""

    prompts: list[Prompt]
    read: int
    left_out: Counter[str]


def choose(policy: Policy, place: Path, count: int, kept_out: KeptOut, license: str = "unknown") -> Chosen:
    """At most `count` prompts of conversations in a file or a folder in hub layout, spread over languages and
    categories. `license` is of rows that name none."""
    left_out: Counter[str] = Counter()
    asked = list(_asked(place, policy, license, left_out))
    read = len(asked) + left_out.total()
    asked = _without_sets(asked, kept_out, place, left_out)
    fits = Apart().take([one.prompt for one in asked], [one.language for one in asked])
    left_out["near duplicates"] = fits.count(False)
    likenesses = {language: Likeness(words) for language, words in policy.words.items()}
    cells = _sorted([one for one, fit in zip(asked, fits, strict=True) if fit], likenesses, left_out)
    taken = _spread(cells, count)
    prompts: list[Prompt] = []
    clauses = clause_hashes(policy.file)
    for (language, category), found in cells.items():
        vectors = likenesses[language].vectors([one.prompt for one, _ in found])
        rows = farthest(vectors, taken[language, category])
        prompts += [_prompt(*found[row], policy, clauses[category], place) for row in rows]
        left_out["more than asked for"] += len(found) - len(rows)
    return Chosen(sorted(prompts, key=lambda prompt: prompt.id), read, +left_out)


def _asked(place: Path, policy: Policy, license: str, left_out: Counter[str]) -> Iterator[Asked]:
    """The first turn of a person in each conversation, in a language of the policy."""
    if not place.exists():
        raise UserError(f"--from {place} does not exist: give a file of conversations, or a folder in hub layout.")
    where = {"dataset": str(place)} if place.is_dir() else {"paths": [place.name]}
    source = ConversationsSource.model_validate({"kind": "conversations", "take": "first", "license": license, **where})
    identifier = Cld2()
    for found in _read(source, place):
        if not isinstance(found, Document):
            left_out["not a conversation"] += 1
            continue
        prompt = next((turn.text.strip() for turn in turns_of(found.text, found.meta) if turn.role == USER), "")
        if prompt != prompt.encode(errors="replace").decode():
            left_out["with half of a character"] += 1
            continue
        language = (
            found.lang if found.lang != UNDETERMINED else identifier.identify(prompt.encode(errors="ignore")).best
        )
        if not prompt or len(prompt) > LONGEST_PROMPT:
            left_out["empty or longer than a prompt"] += 1
        elif language not in policy.words:
            left_out["in another language"] += 1
        else:
            yield Asked(prompt, language, found.license, found.url)


def _read(source: ConversationsSource, place: Path) -> Iterator[Document | Quarantined]:
    """The conversations of a place; what is wrong with it is said of the option, not of a recipe's source."""
    try:
        yield from read_conversations(SOURCE, source, place.parent, default_cache())
    except UserError as error:
        raise UserError(re.sub(rf"^corpus\.sources\.{SOURCE}[\w.]*", "--from", str(error))) from error


def _without_sets(asked: Sequence[Asked], kept_out: KeptOut, place: Path, left_out: Counter[str]) -> list[Asked]:
    sets = kept_out.sets_of([one.prompt for one in asked])
    held = Counter(name for name in sets if name is not None)
    if held and held.total() > MOST_OF_SETS * len(asked):
        name, number = held.most_common(1)[0]
        raise UserError(
            f"{place} is an evaluation set: {number:,} of its {len(asked):,} prompts are in {name}, which was to be "
            "kept out; take other conversations."
        )
    left_out["of evaluation sets"] = held.total()
    return [one for one, name in zip(asked, sets, strict=True) if name is None]


def _sorted(
    asked: Sequence[Asked], likenesses: Mapping[str, Likeness], left_out: Counter[str]
) -> dict[tuple[str, str], list[tuple[Asked, Like]]]:
    """The prompts of each language and category, those most like it first."""
    cells: dict[tuple[str, str], list[tuple[Asked, Like]]] = {}
    for one in asked:
        like = likenesses[one.language].of(one.prompt)
        if like is None:
            left_out["like no category"] += 1
        else:
            cells.setdefault((one.language, like.category), []).append((one, like))
    return {
        cell: sorted(found, key=lambda pair: (-pair[1].score, pair[0].prompt)) for cell, found in sorted(cells.items())
    }


def _spread(cells: Mapping[tuple[str, str], Sequence[object]], count: int) -> dict[tuple[str, str], int]:
    """How many each cell gives: all the same, and where one has fewer, the others more."""
    taken = dict.fromkeys(cells, 0)
    open_cells = list(cells)
    while count > 0 and open_cells:
        share = max(1, count // len(open_cells))
        for cell in list(open_cells):
            more = min(share, len(cells[cell]) - taken[cell], count)
            taken[cell] += more
            count -= more
            if taken[cell] == len(cells[cell]):
                open_cells.remove(cell)
    return taken


def _prompt(asked: Asked, like: Like, policy: Policy, clause: str, place: Path) -> Prompt:
    file = policy.file
    digest = hashlib.sha256(
        "\0".join((file.id, asked.language, WHOLE, asked.prompt)).encode(errors="replace")
    ).hexdigest()
    return Prompt(
        id=digest[:16],
        policy=file.id,
        version=file.version,
        category=like.category,
        clause=clause,
        language=asked.language,
        kind=like.kind,
        template=WHOLE,
        prompt=asked.prompt,
        response="",
        twin=None,
        source=asked.where,
        license=asked.license,
    )
