"""How the turns of a conversation become one text, and that text ids.

One decision: every format is a chat template as `transformers` reads it, kept beside the tokenizer. So training, chat
and an exported model all use the same text; and text that a person wrote stays text, whatever special token it spells.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property

from tokenizers import Tokenizer

from aurora.corpus.conversation import ASSISTANT, BETWEEN, SYSTEM, USER, Turn
from aurora.errors import UserError
from aurora.recipe.tokens import ALPACA, AURORA, CHATML
from aurora.tokens.text.templates import Messages, compiled, quoted, rendered
from aurora.tokens.text.text_facts import TextFacts

# Special tokens that a format needs: a tokenizer learnt for it gets them, a published one must have them.
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
# Private-use characters that replace special tokens in a person's text while a template is rendered around it.
STAND_INS = range(0xF0000, 0xFFFFE)
ANY_PROMPT, ANY_RESPONSE = "A prompt.", "A response."


def template_of(style: str | None, facts: TextFacts) -> str:
    """The chat template of a recipe's `tokens.format` for this tokenizer; None means the model's own, or AURORA-M's.

    Raises `UserError` for a format whose tokens the tokenizer lacks.
    """
    if style is None and facts.template is not None:
        return facts.template
    style = style or AURORA
    for name in NEEDED.get(style, ()):
        if facts.tokenizer.token_to_id(name) is None:
            raise UserError(f"tokens.format: {style} needs a tokenizer with the token {name}: choose another format.")
    start, end = (facts.spelling(index) for index in (facts.start, facts.end))
    if style == CHATML:
        return _filled(CHATML_TEMPLATE, START=start if facts.start != facts.end else "")
    before, _, after = PLAIN.get(style, style).partition("{prompt}")
    return _filled(PLAIN_TEMPLATE, START=start, BEFORE=before, AFTER=after, END=end)


class Format:
    """A tokenizer's chat template, or AURORA-M's where it has none, at work on one conversation."""

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
        return self._ids(self._rendered([{"role": USER, "content": asked}], to_answer=True), hidden)

    def before_answer(self, turns: Sequence[Turn], begun: str = "") -> tuple[str, list[int]]:
        """A conversation up to where its next answer goes on from `begun`, as a text and as ids."""
        texts, hidden = self._hide(*(turn.text for turn in turns))
        shown = [turn._replace(text=text) for turn, text in zip(turns, texts, strict=True)]
        text = self._rendered(self._messages(shown), to_answer=True)
        ids = [*self._ids(text, hidden), *self.facts.encode(begun)]
        return text.translate({ord(character): token for character, token in hidden.items()}) + begun, ids

    def pair(self, prompt: str, response: str) -> tuple[list[int], list[int]]:
        """Ids of a prompt and its response, and the mask that counts the response up to the token that ends it."""
        return self.conversation([Turn(USER, prompt), Turn(ASSISTANT, response)])

    def conversation(self, turns: Sequence[Turn], last_only: bool = False) -> tuple[list[int], list[int]]:
        """Ids of a conversation, and the mask that counts its answers up to the token that ends each.

        All answers count that are to be learnt, or the last one only. Each is encoded apart from what stands before it,
        so that the ids before an answer are those that generation starts from.
        """
        texts, hidden = self._hide(*(turn.text for turn in turns))
        shown = [turn._replace(text=text) for turn, text in zip(turns, texts, strict=True)]
        answers = [place for place, turn in enumerate(shown) if turn.role == ASSISTANT]
        ids: list[int] = []
        mask: list[int] = []
        for place, (before, after) in zip(answers, self._parts(shown, answers), strict=True):
            asked, answered = (self._ids(text, hidden) for text in (before, after))
            learnt = turns[place].learnt and (place == answers[-1] or not last_only)
            counted = self._counted(answered) if learnt else 0
            ids += asked + answered
            mask += [0] * len(asked) + [1] * counted + [0] * (len(answered) - counted)
        return ids, mask

    @cached_property
    def answer_end(self) -> int | None:
        """The special token that the template writes after a response, if any."""
        ((_, after),) = self._parts([Turn(USER, ANY_PROMPT), Turn(ASSISTANT, ANY_RESPONSE)], [1])
        _, response, rest = after.partition(ANY_RESPONSE)
        ends = [index for index, _ in self._specials(rest)] if response else []
        return ends[0] if ends else None

    @cached_property
    def _reading(self) -> Tokenizer:
        """The same tokenizer, which finds special tokens in a text."""
        return Tokenizer.from_str(self.facts.tokenizer.to_str())

    def _counted(self, answered: Sequence[int]) -> int:
        """How many of an answer's ids count: up to the one that ends it."""
        if self.answer_end is None:
            raise UserError(
                "The chat template ends a response with no special token, so that a model would not learn to stop: "
                "set tokens.format."
            )
        return len(answered) - answered[::-1].index(self.answer_end)

    @cached_property
    def _takes_system(self) -> bool:
        """Whether the template has a place for a system turn."""
        turns = [Turn(SYSTEM, ANY_PROMPT), Turn(USER, ANY_RESPONSE)]
        messages = [{"role": turn.role, "content": turn.text} for turn in turns]
        try:
            return ANY_PROMPT in self._rendered(messages, to_answer=True)
        except UserError:
            return False

    def _messages(self, turns: Sequence[Turn]) -> list[dict[str, str]]:
        """Turns as a template reads them; the system's before the first prompt where it has no place of its own."""
        messages = [{"role": turn.role, "content": turn.text} for turn in turns]
        if len(messages) > 1 and messages[0]["role"] == SYSTEM and not self._takes_system:
            system, first, *rest = messages
            return [{**first, "content": f"{system['content']}{BETWEEN}{first['content']}"}, *rest]
        return messages

    def _parts(self, turns: Sequence[Turn], answers: Sequence[int]) -> list[tuple[str, str]]:
        """Of each of the `answers` the text since the one before, and its own; the last is all to the end."""
        messages = self._messages(turns)
        fewer = len(turns) - len(messages)  # a system turn that stands in the first prompt
        parts = []
        place = 0
        text = self._rendered(messages, to_answer=False)
        for number in answers:
            before = self._rendered(messages[: number - fewer], to_answer=True)
            through = text if number == answers[-1] else self._rendered(messages[: number - fewer + 1], to_answer=False)
            if not (text.startswith(through) and through.startswith(before) and len(before) >= place):
                raise UserError(
                    "The chat template does not begin a conversation with the prompt as it is written before an "
                    "answer: set tokens.format."
                )
            parts.append((text[place : len(before)], through[len(before) :]))
            place = len(through)
        return parts

    def _rendered(self, messages: Messages, to_answer: bool) -> str:
        return rendered(self._template, messages, self.facts.names, to_answer)

    def _hide(self, *texts: str) -> tuple[list[str], dict[str, str]]:
        """Texts with a stand-in for each special token that they spell, and which stands for which."""
        spelt = sorted({token for text in texts for token in self._spelt.findall(text)})
        free = (chr(code) for code in STAND_INS if not any(chr(code) in text for text in texts))
        hidden = dict(zip(free, spelt, strict=False))
        stand_in = {token: character for character, token in hidden.items()}
        return [self._spelt.sub(lambda match: stand_in[match.group()], text) for text in texts], hidden

    def _ids(self, text: str, hidden: Mapping[str, str]) -> list[int]:
        """The ids of a rendered text: special tokens of the template are found, those of a person spelt."""
        if not hidden:
            ids: list[int] = self._reading.encode(text, add_special_tokens=False).ids
            return ids
        mixed: list[int] = []
        done = 0
        for index, (start, end) in self._specials(text):
            mixed += [*self._plain(text[done:start], hidden), index]
            done = end
        return mixed + self._plain(text[done:], hidden)

    def _specials(self, text: str) -> list[tuple[int, tuple[int, int]]]:
        """Special tokens of a text, and where they are."""
        encoding = self._reading.encode(text, add_special_tokens=False)
        return [pair for pair in zip(encoding.ids, encoding.offsets, strict=True) if pair[0] in self._special]

    def _plain(self, text: str, hidden: Mapping[str, str]) -> list[int]:
        return self.facts.encode(text.translate({ord(character): token for character, token in hidden.items()}))


def _filled(template: str, **texts: str) -> str:
    """A template with texts in the places named for them; an empty one leaves nothing."""
    return re.sub(r"\{\{ ([A-Z]+) \}\}", lambda place: _expression(texts[place[1]]), template)


def _expression(text: str) -> str:
    return f"{{{{ {quoted(text)} }}}}" if text else ""
