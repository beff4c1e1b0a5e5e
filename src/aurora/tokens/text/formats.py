"""How a prompt and its response become one text, and that text ids.

One decision: every format is a chat template in the language that `transformers` reads, kept beside the tokenizer. So
what is trained, what answers in a chat and what others get from an exported model are one text; and text that a person
wrote stays text, whatever special token it spells.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property

from tokenizers import Tokenizer

from aurora.errors import UserError
from aurora.recipe.tokens import ALPACA, AURORA, CHATML
from aurora.tokens.text.templates import compiled, quoted, rendered
from aurora.tokens.text.text_facts import TextFacts

# Special tokens that a format is made of; a tokenizer that is learnt for it has them, another must.
NEEDED = {CHATML: ("<|im_start|>", "<|im_end|>")}
PLAIN = {
    AURORA: "### Instruction:\n{prompt}\n### Response:\n",
    ALPACA: "Below is an instruction that describes a task. Write a response that appropriately completes the "
    "request.\n\n### Instruction:\n{prompt}\n\n### Response:\n",
}
# Text around a prompt, and what ends an answer; nothing is trained on any other role.
PLAIN_TEMPLATE = (
    "{{ START }}{% for message in messages %}{% if message['role'] == 'user' %}{{ BEFORE }}{{ message['content'] }}"
    "{{ AFTER }}{% elif message['role'] == 'assistant' %}{{ message['content'] }}{{ END }}{% else %}"
    "{{ raise_exception('This format has the roles user and assistant.') }}{% endif %}{% endfor %}"
)
CHATML_TEMPLATE = (
    "{{ START }}{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + "
    "'<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
# Each stands for a special token that a person's text spells, while a template is rendered around it.
STAND_INS = range(0xF0000, 0xFFFFE)
ANY_PROMPT, ANY_RESPONSE = "A prompt.", "A response."


def template_of(style: str | None, facts: TextFacts) -> str:
    """The chat template of a recipe's `tokens.format` for this tokenizer; None is the model's own, or else AURORA-M's.

    Raises `UserError` for a format whose tokens the tokenizer lacks.
    """
    if style is None and facts.template is not None:
        return facts.template
    style = style or AURORA
    for name in NEEDED.get(style, ()):
        if facts.tokenizer.token_to_id(name) is None:
            raise UserError(f"tokens.format: {style} needs a tokenizer with the token {name}: use another format.")
    start, end = (facts.spelling(index) for index in (facts.start, facts.end))
    if style == CHATML:
        return _filled(CHATML_TEMPLATE, START=start if facts.start != facts.end else "")
    before, _, after = PLAIN.get(style, style).partition("{prompt}")
    return _filled(PLAIN_TEMPLATE, START=start, BEFORE=before, AFTER=after, END=end)


class Format:
    """A tokenizer's chat template, or AURORA-M's where it has none, at work on one prompt and its response."""

    def __init__(self, facts: TextFacts) -> None:
        self.facts = facts
        self._template = compiled(template_of(None, facts))
        added = facts.tokenizer.get_added_tokens_decoder()
        self._special = {index: token.content for index, token in added.items() if token.special}
        longest_first = sorted(self._special.values(), key=len, reverse=True)
        self._spelt = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def prompt(self, prompt: str) -> list[int]:
        """The ids that an answer to `prompt` begins after."""
        (asked,), hidden = self._hide(prompt)
        return self._ids(self._asked(asked), hidden)

    def pair(self, prompt: str, response: str) -> tuple[list[int], list[int]]:
        """Ids of a prompt and its response, and the mask that counts the response up to the token that ends it.

        Both are encoded apart, so that the ids before a response are those that generation starts from.
        """
        (asked, answered), hidden = self._hide(prompt, response)
        before, after = (self._ids(text, hidden) for text in self._parts(asked, answered))
        if self.answer_end is None:
            raise UserError(
                "The chat template ends a response with no special token, so that a model would not learn to stop: "
                "give tokens.format."
            )
        counted = len(after) - after[::-1].index(self.answer_end)
        return before + after, [0] * len(before) + [1] * counted + [0] * (len(after) - counted)

    @cached_property
    def answer_end(self) -> int | None:
        """The special token that the template writes after a response, if any."""
        _, after = self._parts(ANY_PROMPT, ANY_RESPONSE)
        _, found, rest = after.partition(ANY_RESPONSE)
        ends = [index for index, _ in self._specials(rest)] if found else []
        return ends[0] if ends else None

    @cached_property
    def _reading(self) -> Tokenizer:
        """The same tokenizer, which finds special tokens in a text."""
        return Tokenizer.from_str(self.facts.tokenizer.to_str())

    def _asked(self, prompt: str) -> str:
        return rendered(self._template, [{"role": "user", "content": prompt}], self.facts.names, to_answer=True)

    def _parts(self, prompt: str, response: str) -> tuple[str, str]:
        """The text before a response, and from there on."""
        messages = [{"role": "user", "content": prompt}, {"role": "assistant", "content": response}]
        before, whole = self._asked(prompt), rendered(self._template, messages, self.facts.names, to_answer=False)
        if not whole.startswith(before):
            raise UserError(
                "The chat template writes a conversation otherwise than the prompt that an answer begins after: "
                "give tokens.format."
            )
        return before, whole[len(before) :]

    def _hide(self, *texts: str) -> tuple[list[str], dict[str, str]]:
        """Texts with a stand-in for each special token that they spell, and which stands for which."""
        spelt = sorted({found for text in texts for found in self._spelt.findall(text)})
        free = (chr(code) for code in STAND_INS if not any(chr(code) in text for text in texts))
        hidden = dict(zip(free, spelt, strict=False))
        stand_in = {token: character for character, token in hidden.items()}
        return [self._spelt.sub(lambda found: stand_in[found.group()], text) for text in texts], hidden

    def _ids(self, text: str, hidden: Mapping[str, str]) -> list[int]:
        """The ids of a rendered text: special tokens of the template are found, those of a person spelt."""
        if not hidden:
            ids: list[int] = self._reading.encode(text, add_special_tokens=False).ids
            return ids
        found: list[int] = []
        place = 0
        for index, (start, end) in self._specials(text):
            found += [*self._plain(text[place:start], hidden), index]
            place = end
        return found + self._plain(text[place:], hidden)

    def _specials(self, text: str) -> list[tuple[int, tuple[int, int]]]:
        """Special tokens of a text, and where they are."""
        encoding = self._reading.encode(text, add_special_tokens=False)
        return [found for found in zip(encoding.ids, encoding.offsets, strict=True) if found[0] in self._special]

    def _plain(self, text: str, hidden: Mapping[str, str]) -> list[int]:
        return self.facts.encode(text.translate({ord(character): token for character, token in hidden.items()}))


def _filled(template: str, **texts: str) -> str:
    """A template with texts in the places named for them; an empty one leaves nothing."""
    return re.sub(r"\{\{ ([A-Z]+) \}\}", lambda place: _expression(texts[place[1]]), template)


def _expression(text: str) -> str:
    return f"{{{{ {quoted(text)} }}}}" if text else ""
