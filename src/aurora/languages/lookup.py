"""Which languages are known: the files that ship, and those that a recipe names.

One decision: no language stands in for one without a file. Its texts are judged by limits of no language, and
`said_without_file` says so and names the file to add. A recipe's own files are in force for the whole process from the
moment it is read, and replace ours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TypeVar

from aurora.errors import Mistakes, UserError
from aurora.files import canonical_json
from aurora.languages.labels import CODE, ENGLISH, UNDETERMINED, in_usual_script, primary, usual_script
from aurora.languages.language import Language, Sentences
from aurora.languages.language_file import Entry, read
from aurora.languages.names import NAMES
from aurora.nearest import nearest

FOLDER = Path(__file__).parent / "data"
DEFAULT = "default"
# Written without spaces between words (ISO 15924).
UNSPACED_SCRIPTS = frozenset({"Hans", "Hant", "Jpan", "Khmr", "Laoo", "Mymr", "Thai", "Tibt"})
_MOST_NAMED = 8  # languages in one sentence
_own: dict[str, Entry] = {}
_called: dict[str, str] = {}
_kept: list[Callable[[], None]] = []
Answer = TypeVar("Answer")


def cached(function: Callable[..., Answer]) -> Callable[..., Answer]:
    """A cache of what follows from the languages known; it is emptied when a recipe names others."""
    kept = cache(function)
    _kept.append(kept.cache_clear)
    return kept


def use(paths: Sequence[Path]) -> None:
    """Take the languages of these files, and no others beside those that ship.

    Raises `Mistakes` naming file, line and key of all that is wrong with them.
    """
    found: dict[str, Entry] = {}
    wrong: list[str] = []
    for path in paths:
        try:
            entry = read(path)
            _refuse(entry, found)
        except Mistakes as error:
            wrong += error.sentences
        except UserError as error:
            wrong.append(str(error))
        else:
            found[entry.language.language] = entry
    if wrong:
        raise Mistakes("languages", wrong)
    if {code: entry.language for code, entry in found.items()} != {code: one.language for code, one in _own.items()}:
        _own.clear()
        _own.update(found)
        forget()


def _refuse(entry: Entry, others: Mapping[str, Entry]) -> None:
    """`UserError` for a file of a language that another one is of, or of none."""
    code, place = entry.language.language, entry.place("language")
    if code in others:
        raise UserError(f"{place}: {code} is already the language of {others[code].path}; keep one file of it.")
    if code in (CODE, UNDETERMINED):
        raise UserError(f"{place}: {code} is no language of people; give the code of one.")


def forget() -> None:
    """Empty every `cached`: languages, or what is read beside them, are others from now on."""
    language_name.cache_clear()
    for clear in _kept:
        clear()


def own() -> list[Path]:
    """The files that the recipe named."""
    return [entry.path for entry in _own.values()]


def own_languages() -> list[Language]:
    """The languages of these files."""
    return [entry.language for entry in _own.values()]


@contextmanager
def called(names: Mapping[str, str]) -> Iterator[None]:
    """Call languages by these names too: a report is read where the files of its languages may not be."""
    _called.update(names)
    language_name.cache_clear()
    try:
        yield
    finally:
        _called.clear()
        language_name.cache_clear()


@cached
def codes() -> list[str]:
    """The languages that have a file, in order; `code` is none."""
    shipped = {path.stem for path in FOLDER.glob("*.yaml")} - {DEFAULT, CODE}
    return sorted(shipped | set(_own))


def entries() -> list[Entry]:
    """The files of all languages, in order."""
    return [_entry(code) for code in codes()]


def find(tag: str) -> Language | None:
    """The language of a tag; None where it has no file, or is written in another script than its file speaks of."""
    if tag == CODE:
        return _shipped(CODE).language
    if tag in codes():
        return _entry(tag).language
    code = primary(tag)
    return _entry(code).language if code in codes() and in_usual_script(tag) else None


def code_of(tag: str) -> str:
    """The code of the file that speaks of a tag's language, whatever script it is written in; of its language without
    one."""
    return tag if tag in codes() else primary(tag)


def without_file(tags: Iterable[str]) -> list[str]:
    """Those of some tags that are languages without a file."""
    return sorted({tag for tag in tags if tag not in (CODE, UNDETERMINED) and find(tag) is None})


def said_without_file(tags: Iterable[str]) -> str | None:
    """The sentence about texts of languages without a file, which names the files to add; None where there are none."""
    unknown = without_file(tags)
    if not unknown:
        return None
    named = ", ".join(unknown[:_MOST_NAMED]) + (" and others" if len(unknown) > _MOST_NAMED else "")
    return (
        f"There is no language file for {named}: such text is judged by the limits of no language, without stop words, "
        "and personal data of its countries is not searched for. "
        f"Write {unknown[0]}.yaml as docs/language.md says, and name it under `languages` in the recipe."
    )


def default() -> Language:
    """What holds for text whose language has no file, and where a file says nothing."""
    return _shipped(DEFAULT).language


def limits(tag: str) -> dict[str, float]:
    """The limits of the rules for texts with a tag, by name."""
    found = find(tag)
    own_limits = {} if found is None else found.thresholds.values()
    return own_limits if tag == CODE else default().thresholds.values() | own_limits


def sentences(tag: str) -> Sentences:
    """How sentences end in texts with a tag."""
    found = find(tag)
    ends = (found and found.sentences) or default().sentences
    assert ends is not None
    return ends


def phrases(tag: str) -> dict[str, list[str]]:
    """Phrases of boilerplate in texts with a tag, by kind: its language's, and those of every language."""
    found = find(tag)
    own_phrases = {} if found is None else found.phrases.values()
    return default().phrases.values() | own_phrases


@cached
def assistant_phrases(tag: str) -> tuple[str, ...]:
    """Phrases by which answers in texts with a tag say that a model wrote them: its language's, and English ones, which
    models leave in answers of any language."""
    found = [find(tag), find(ENGLISH)]
    return tuple(dict.fromkeys(phrase for language in found if language for phrase in language.assistant_phrases))


def is_spaced(tag: str) -> bool:
    """Whether words stand between spaces; of a language without a file its script tells."""
    found = find(tag)
    return usual_script(tag) not in UNSPACED_SCRIPTS if found is None else found.spaced


@cache
def language_name(tag: str) -> str:
    """English name of a language tag; the tag itself where nobody has told one."""
    if tag == CODE or (primary(tag) == tag and tag in codes()):
        return _entry(tag).language.name
    return _called.get(tag) or NAMES.get(tag, tag)


def code_named(name: str) -> str | None:
    """The code of the language whose name this is, or nearly is, in English or in the language itself."""
    codes_by_name = {value: code for code, value in NAMES.items() if code != UNDETERMINED}
    for entry in entries():
        codes_by_name |= {
            entry.language.name: entry.language.language,
            entry.language.own_name: entry.language.language,
        }
    close = nearest(name, codes_by_name)
    return codes_by_name[close] if close is not None else None


def digest(languages: Iterable[Language], without: frozenset[str] = frozenset()) -> str:
    """A hash of what languages say, whatever their files look like."""
    values = [language.model_dump(mode="json", exclude=set(without)) for language in languages]
    return hashlib.sha256(canonical_json(values)).hexdigest()


def _entry(code: str) -> Entry:
    return _own.get(code) or _shipped(code)


@cache
def _shipped(name: str) -> Entry:
    return read(FOLDER / f"{name}.yaml")
