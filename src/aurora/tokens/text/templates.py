"""Rendering a chat template, which is a program that comes with a model.

One decision: it runs in Jinja's sandbox with what `transformers` provides, except a clock, as the text that a model is
trained on must not depend on the date; and the length of its output is bounded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aurora.errors import UserError

if TYPE_CHECKING:
    from jinja2 import Template

Messages = Sequence[Mapping[str, str]]

# Characters. Published templates have at most some ten thousand, and write a few thousand around a conversation.
LONGEST_TEMPLATE = 1_000_000
LONGEST_AROUND = 1_000_000


def compiled(template: str) -> Template:
    """A template ready to be rendered; `UserError` for one that is not valid Jinja."""
    import jinja2
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def raise_exception(message: str) -> None:
        raise jinja2.TemplateError(message)

    def to_json(value: Any, ensure_ascii: bool = False, indent: int | None = None) -> str:
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)

    if len(template) > LONGEST_TEMPLATE:
        raise UserError(
            f"The chat template has {len(template):,} characters, more than {LONGEST_TEMPLATE:,}: shorten it, or set "
            "tokens.format."
        )
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols", _generation()]
    )
    environment.filters["tojson"] = to_json
    environment.globals["raise_exception"] = raise_exception
    try:
        return environment.from_string(template)
    except (jinja2.TemplateError, RecursionError) as error:
        raise UserError(f"The chat template is not valid Jinja ({error}): repair it, or set tokens.format.") from error


def rendered(template: Template, messages: Messages, names: Mapping[str, str], to_answer: bool) -> str:
    """The text of a conversation, up to where an answer begins if it is `to_answer`.

    `names` are the special tokens by role. Raises `UserError` if the template cannot write it.
    """
    # Four times, as a template may escape what it writes, or write a message twice.
    limit = LONGEST_AROUND + 4 * sum(len(message["content"]) for message in messages)
    pieces: list[str] = []
    length = 0
    try:
        for piece in template.generate(messages=messages, add_generation_prompt=to_answer, tools=None, **names):
            pieces.append(piece)
            length += len(piece)
            if length > limit:
                raise UserError(f"The chat template writes more than {limit:,} characters: set tokens.format.")
    except UserError:
        raise
    except Exception as error:  # another's program may fail in any way
        raise UserError(
            f"The chat template cannot write a prompt and its answer ({type(error).__name__}: {error}): "
            "set tokens.format."
        ) from error
    return "".join(pieces)


def quoted(text: str) -> str:
    """`text` as a string of a template. Jinja reads escapes as Python does, but two halves of a pair as two."""
    return json.dumps(text, ensure_ascii=False)


def _generation() -> Any:
    """The block `generation`, which marks what a model writes: its content is all that counts here."""
    from jinja2 import nodes
    from jinja2.ext import Extension
    from jinja2.parser import Parser

    class Generation(Extension):
        tags = {"generation"}  # noqa: RUF012 (Jinja's own interface)

        def parse(self, parser: Parser) -> list[nodes.Node]:
            next(parser.stream)
            return parser.parse_statements(("name:endgeneration",), drop_needle=True)

    return Generation
