"""`aurora init`: a folder with a recipe of one's own, and what was chosen and why.

One decision: no existing file is overwritten, and the new recipe is checked like any other.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aurora.checking.amounts import size_in_words
from aurora.checking.check import Checked, check_recipe
from aurora.errors import UserError
from aurora.files import atomic_file, default_cache, write_text
from aurora.languages.labels import CODE, canonical, required
from aurora.languages.lookup import language_name, said_without_file
from aurora.nearest import beside
from aurora.recipe.json_schema import NAME as SCHEMA
from aurora.recipe.json_schema import schema_text
from aurora.recipe.names import is_hub_name
from aurora.reporting.wording import listing
from aurora.shipped import places
from aurora.starting.choices import choose
from aurora.starting.files import NAMES, named
from aurora.starting.look import FEWEST, Look, look_at
from aurora.starting.policy import languages_of_model, write_policy
from aurora.starting.writing import REPLAYED, SOURCE, Plan, files, recipe_text

RECIPE, POLICY = "recipe.yaml", "policy.yaml"  # the policy's words are in the folder of its name
LEAST_OWN = 0.5  # of the first documents, in the language that is named
CLEAR = 0.95  # of them: fewer are worth a line
LITTLE = 500_000  # bytes of text: less shows nothing in a report
CONFIG = "config.json"  # of a model in the layout of Hugging Face
OWN = "own"  # a policy to change, rather than one that comes with Aurora


@dataclass(frozen=True)
class Begun:
    """The files that were written, what was chosen and why, and what a check says of the recipe."""

    recipe: Path
    written: list[Path]
    chosen: list[str]
    checked: Checked


def begin(folder: Path, language: str, text: Sequence[str], base: str | None, policy: str | None) -> Begun:
    """Write a recipe into `folder` for some text in a language, continuing `base`, tuned on `policy`.

    `Mistakes` where a check finds some in it, such as text that cannot be read; then nothing stays written.
    """
    try:
        tag = required(language)
    except ValueError as error:
        raise UserError(f"--language: {error}.") from error
    recipe = folder / RECIPE
    policy_file = folder / POLICY
    for place in (recipe, *([policy_file, policy_file.with_suffix("")] if policy == OWN else [])):
        if os.path.lexists(place):  # a link is the user's too, wherever it leads
            raise UserError(f"{place} is there already: give another folder, or move it away.")
    if os.path.lexists(folder) and not folder.is_dir():
        raise UserError(f"{folder} is a file: give a folder.")
    positions = _positions(base)
    if policy is not None and policy != OWN:
        _policy_file(policy)
    look = look_at(text, tag)
    _refuse_other_language(look, tag)
    own = _relative_base(base, folder)
    replayed = [store for code, store in REPLAYED.items() if code != tag]
    choices = choose(look.size * look.share(tag), positions, imported=base is not None, replayed=len(replayed))
    new = not folder.exists()
    paths = [_relative(pattern, folder) for pattern in look.texts.patterns]
    for path in (*paths, *filter(None, [own, policy])):
        _refuse_unfit(path)
    written: list[Path] = []
    asked = _policy(folder, policy, tag, written)
    plan = Plan(_name(folder), tag, paths, look, choices, own, asked)
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_file(recipe) as stream:
        stream.write(recipe_text(plan).encode())
    schema = folder / SCHEMA
    if not os.path.lexists(schema):  # the recipe's first line names it to editors
        write_text(schema, schema_text())
        written.append(schema)
    checked = check_recipe(recipe)
    if checked.mistakes:
        _take_back([recipe, *written], folder if new else None)
        checked.refuse()
    return Begun(recipe, [recipe, *written], _chosen(plan), checked)


def _take_back(written: Sequence[Path], folder: Path | None) -> None:
    """Remove the files that were just written, and the folder where it was made for them: the next try needs their
    place."""
    for path in written:
        path.unlink()
    for place in sorted({path.parent for path in written}, key=lambda place: len(place.parts), reverse=True):
        if place != folder and not any(place.iterdir()) and place.stem == Path(POLICY).stem:
            place.rmdir()
    if folder is not None:
        folder.rmdir()


def _refuse_unfit(path: str) -> None:
    """A recipe is a text: no name with a control character, or in another encoding than UTF-8, can stand in it."""
    if any(unicodedata.category(one) in ("Cc", "Cs") for one in path):
        raise UserError(f"{path!r} cannot stand in a recipe (control characters, or not UTF-8): rename it.")


def _refuse_other_language(look: Look, tag: str) -> None:
    """Where most of the text is not in the language that is named."""
    if look.documents >= FEWEST and look.share(tag) < LEAST_OWN:
        others = {language: number for language, number in look.languages.items() if language != tag}
        counted = listing(
            [f"{number} as {language!r} ({language_name(language)})" for language, number in others.items()]
        )
        raise UserError(
            f"--language {tag}: of the first {look.documents} documents {look.languages.get(tag, 0)} may be in {tag!r} "
            f"({language_name(tag)}), and {counted} (the first: {look.first!r}): give --language "
            f"{max(others, key=lambda language: others[language])}, or other files."
        )


def _positions(base: str | None) -> int | None:
    """Of a base that lies here; `UserError` for one that cannot be continued."""
    if base is None or base.startswith("wheel:"):
        return None
    path = Path(base).expanduser()
    if not path.exists():
        here = path.parent.is_dir() and path.parent != Path()
        if here or not is_hub_name(base):
            no_name = "" if here else ", and it is no name on the hub (OWNER/NAME)"
            raise UserError(f"--base {base}: there is no such folder{beside(path)}{no_name}.")
        return None
    if path.is_dir() and not (path / CONFIG).is_file():
        inside = sorted(config.parent for config in path.glob(f"*/{CONFIG}"))
        hint = f"; {inside[0]} has one" if inside else ""
        raise UserError(f"--base {base}: this folder has no {CONFIG}{hint}: give the folder of a Hugging Face model.")
    if path.name == CONFIG:
        raise UserError(f"--base {base}: give its folder, {path.parent}.")
    from aurora.model.huggingface import published_architecture
    from aurora.tokens.text.published import local_model

    return published_architecture(local_model(base, Path.cwd(), default_cache()) / CONFIG)[0].positions


def _policy(folder: Path, policy: str | None, tag: str, written: list[Path]) -> tuple[str, list[str]] | None:
    """(policy, languages) for the recipe; a policy of one's own is written."""
    if policy is None:
        return None
    file = folder / POLICY if policy == OWN else _policy_file(policy)
    words = languages_of_model() if policy == OWN else _words(file)
    languages = list(dict.fromkeys([language for language in (tag, "en") if language in words]))
    if not languages:
        raise UserError(
            f"--policy {policy}: it has words in {listing(words) or 'no language'}, and in neither {tag} nor en: write "
            f"{file.with_suffix('') / f'{tag}.yaml'} (docs/policy.md)."
        )
    if policy != OWN:
        return (policy if file.parent == places.folder("policies") else _relative(policy, folder)), languages
    written += write_policy(folder / POLICY, languages, _name(folder))
    return POLICY, languages


def _policy_file(policy: str) -> Path:
    """A policy of the user's, or of ours; `UserError` where there is none."""
    file = places.find("policies", Path(policy).expanduser())
    if not file.is_file():
        raise UserError(
            f"--policy {policy} does not exist ({places.suggestion('policies', policy)}); --policy own writes one to "
            "change."
        )
    return file


def _words(policy: Path) -> list[str]:
    return sorted(canonical(path.stem) or path.stem for path in policy.with_suffix("").glob("*.yaml"))


def _relative(path: str, folder: Path) -> str:
    """A path as the recipe in `folder` states it."""
    expanded = Path(path).expanduser()
    return str(expanded) if expanded.is_absolute() else Path(os.path.relpath(expanded, folder)).as_posix()


def _relative_base(base: str | None, folder: Path) -> str | None:
    return _relative(base, folder) if base is not None and Path(base).expanduser().exists() else base


def _name(folder: Path) -> str:
    """The folder's name as that of a run."""
    name = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-")
    return name[:60] or SOURCE


def _warnings(plan: Plan) -> list[str]:
    """What a reader of the choices should know of the text."""
    look, tag = plan.look, plan.language
    found = []
    if left_out := look.texts.left_out:
        number = len(left_out)
        found.append(f"{number} file{'s' * (number != 1)} without text left out: {named(left_out)}.")
    if (own := look.share(tag)) <= CLEAR:
        found.append(
            f"{1 - own:.0%} of these documents read as another language, and would be dropped as such; the sizes below "
            "count without them."
        )
    if look.size * own < LITTLE:
        found.append(f"This is little: some {size_in_words(LITTLE)} of text is the least that shows anything.")
    if tag != CODE and (unknown := said_without_file([tag])):
        found.append(unknown)
    return found


def _first(look: Look) -> str:
    """The documents that were looked at."""
    return f"the first {look.documents} documents" if look.documents > 1 else "its one document"


def _chosen(plan: Plan) -> list[str]:
    """What was found and chosen, a sentence each."""
    look, choices = plan.look, plan.choices
    key = f" under {look.text_key!r}" if look.kind != "text" else f", a {look.document} a document"
    read = ", ".join(f"{number} {language_name(tag)}" for tag, number in look.languages.items())
    small = "A small new network learns English and code first, as there is no --base; it shows the way, not fluency."
    continued = f"{plan.base} is continued, and measured first: it is the base of every verdict."
    replay = f"{choices.replay} % each {' and '.join(plan.replayed)}"
    found = [
        f"{files(look)} of {NAMES[look.kind]}, about {size_in_words(look.size)} of text{key}; of {_first(look)} "
        f"{read}.",
        f"The first begins: {look.first!r}.",
        *_warnings(plan),
        continued if plan.base else small,
        f"{choices.own} % of what is continued is your text and {replay}; replay follows what is forgotten, to stay "
        "within 2 % of bits per byte.",
        f"{choices.tokens:,} tokens in {choices.steps} steps: {plan.amount_read}.",
        f"{choices.held_out_share:.1%} of the documents are held out to be measured on.",
    ]
    if plan.policy:
        name, languages = plan.policy
        found.append(f"Safety tuning on {name}, with prompts in {', '.join(map(language_name, languages))}.")
    if look.language_key:
        found.append(
            f"Rows say their language under {look.language_key!r}; it is not asked, as all are taken for "
            f"{language_name(plan.language)}: write language_key in place of language if they are of several."
        )
    return found
