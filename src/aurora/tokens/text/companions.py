"""The files beside a tokenizer: its settings, the ids that end a text, and the chat template.

One decision: a published model's files stay as they are; only what they lack, or what the recipe's format changes, is
written beside them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aurora.errors import UserError
from aurora.files import read_json, write_json, write_text
from aurora.tokens.text.formats import Format, template_of
from aurora.tokens.text.text_facts import (
    GENERATION,
    SETTINGS,
    TEMPLATE,
    TextFacts,
    copy_companions,
    generation_settings,
    read_text,
)


def write_companions(published: Path | None, folder: Path, style: str | None, *, pairs: bool) -> None:
    """Write the files beside the tokenizer in `folder`: the published ones, with the changes of a format (`style`).

    If a format is given, or there are `pairs` to write in one, its template is written too, and the token that ends a
    response becomes one of the tokens that end an answer.
    """
    if published is not None:
        copy_companions(published, folder)
    complete_companions(folder, published)
    if style is None and not pairs:
        return
    facts = read_text(folder)
    template = template_of(style, facts)
    if template != facts.template:
        settings = read_json(folder / SETTINGS)
        if settings.pop("chat_template", None) is not None:  # the older place, which some programs read first
            write_json(folder / SETTINGS, settings)
        write_text(folder / TEMPLATE, template)
    try:
        answer_end = Format(read_text(folder)).answer_end
    except UserError:  # the model's own template cannot write a prompt and answer: encoding pairs will report it
        answer_end = None
    if answer_end is not None and answer_end not in facts.stops:
        stops = sorted([*facts.stops, answer_end])
        write_json(folder / GENERATION, {**generation_settings(folder), "eos_token_id": stops})


def complete_companions(folder: Path, published: Path | None) -> None:
    """Write the files of settings and ids that a tokenizer in `folder` lacks; `published` is the folder it is from."""
    facts = read_text(folder)
    if not (folder / SETTINGS).is_file():
        write_json(folder / SETTINGS, _settings(facts))
    if not (folder / GENERATION).is_file():
        ids = {"bos_token_id": facts.start, "eos_token_id": facts.end}
        write_json(folder / GENERATION, ids | generation_settings(published))


def _settings(facts: TextFacts) -> dict[str, Any]:
    """`tokenizer_config.json` of a tokenizer that has none."""
    added = sorted(facts.tokenizer.get_added_tokens_decoder().items())
    end = facts.tokenizer.id_to_token(facts.end)
    return {
        "bos_token": facts.tokenizer.id_to_token(facts.start),
        "eos_token": end,
        "unk_token": end,
        "additional_special_tokens": [token.content for _, token in added if token.special],
        "clean_up_tokenization_spaces": False,
        "tokenizer_class": "PreTrainedTokenizerFast",
    }
