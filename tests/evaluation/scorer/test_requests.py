"""What a continuation's tokens are: none lost, none of the context, whatever spans the join."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from tokenizers import Tokenizer

import small_tokenizers
from aurora.evaluation.scorer.requests import Encoder, common
from aurora.evaluation.scorer.tree import Row
from aurora.tokens.text.text_facts import TextFacts
from byte_text import of_bytes

TEXTS = {
    "devanagari": "नदी चौड़ी है और पुल पुराना है। क्षत्रिय ज्ञान १२३",
    "kana": "こんにちは世界　ガギグゲゴ、がっこうへいきましょう。",
    "emoji": "👩‍👩‍👧‍👦 fly 🇫🇮🇯🇵 now 👍🏽👍🏿 🧑🏻‍🚀ok",
    "latin": "Hyvää huomenta,  maailma!\n\n\tIt's 12345.  ",
}
KINDS = ("gpt-2", "llama3", "qwen2", "llama2", "gemma")


def facts(kind: str, started: bool = False) -> TextFacts:
    byte_level = kind in small_tokenizers.BYTE_LEVEL
    tokenizer: Tokenizer = small_tokenizers.byte_level(kind) if byte_level else small_tokenizers.sentencepiece(kind)
    return TextFacts(tokenizer, 0, 0, (0,), 0, None, None, {}, started)


@pytest.mark.parametrize("kind", KINDS)
def test_ten_thousand_splits_lose_no_token_and_shift_none(kind: str) -> None:
    text = facts(kind)
    encoder = Encoder(text, 4096)
    drawn = random.Random(7)
    pairs = []
    for _ in range(10_000 // len(KINDS)):
        whole = drawn.choice(list(TEXTS.values())) + drawn.choice(list(TEXTS.values()))
        at = drawn.randrange(len(whole))
        pairs.append((whole[:at], whole[at:]))
    for (context, continuation), rows in zip(pairs, encoder.pairs(pairs), strict=True):
        (row,) = rows
        whole, before = text.encode(context + continuation), text.encode(context.rstrip())
        begun = len(row.ids) - len(whole)
        assert row.ids == (*[0] * begun, *whole)
        assert begun == (common(before, whole) == 0)
        assert 1 <= row.first < len(row.ids)
        same = row.first - begun
        assert list(row.ids[begun : row.first]) == before[:same]
        # It ends exactly where the two part: the next token is the continuation's, at least in part.
        assert same == len(before) or whole[same] != before[same]


def test_where_no_token_spans_the_join_it_is_encoded_as_lm_eval_does() -> None:
    """Trailing white space counts with the continuation, and the rest is what follows the context's own ids."""
    text = facts("gpt-2")
    for context, continuation in [
        ("The river ", "is wide"),
        ("The river", " is wide"),
        ("def main():\n", "    return"),
    ]:
        ((row,),) = Encoder(text, 64).pairs([(context, continuation)])
        before, whole = text.encode(context.rstrip()), text.encode(context + continuation)
        assert whole[: len(before)] == before
        assert row == Row(tuple(whole), len(before))


@pytest.mark.parametrize(
    ("started", "always", "context", "starts"),
    [
        (False, False, "ab", 0),
        (False, False, "", 1),
        (False, True, "ab", 1),
        (True, False, "ab", 1),
        (True, False, "", 1),
        (True, True, "", 1),
    ],
    ids=["published-without", "nothing-before", "always", "published-with", "with-and-nothing", "both"],
)
def test_a_text_has_one_start_or_none(started: bool, always: bool, context: str, starts: int) -> None:
    encoder = Encoder(replace(of_bytes(), started=started), 64, always)
    ((row,),) = encoder.pairs([(context, "cd")])
    assert [token for token in row.ids if token == 0] == [0] * starts
    assert len(row.ids) - row.first == 2
    ((rolled,),) = encoder.texts([context + "cd"])
    assert rolled.ids.count(0) == 1
    assert encoder.prompts([context], [4])[0].count(0) == starts


def test_a_long_context_loses_its_beginning_and_the_continuation_nothing() -> None:
    text = of_bytes()
    ((row,),) = Encoder(text, 12).pairs([("abcdefghijklmnopqrs", "XYZ")])
    assert text.tokenizer.decode(list(row.ids)) == "jklmnopqrsXYZ"  # what is predicted last is not read
    assert text.tokenizer.decode(list(row.ids[row.first :])) == "XYZ"
    ((kept,),) = Encoder(replace(text, started=True), 12).pairs([("abcdefghijklmnopqrs", "XYZ")])
    assert kept.ids == (0, *row.ids[1:])


@pytest.mark.parametrize("length", [3, 12, 13, 24, 40])
def test_a_continuation_longer_than_the_model_is_counted_in_parts(length: int) -> None:
    text = of_bytes()
    letters = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"[:length]
    (rows,) = Encoder(text, 12).pairs([("Q:", letters)])
    assert "".join(text.tokenizer.decode(list(row.ids[row.first :])) for row in rows) == letters
    assert all(len(row.ids) <= 13 for row in rows)
    (rolled,) = Encoder(text, 12).texts([letters])
    assert "".join(text.tokenizer.decode(list(row.ids[row.first :])) for row in rolled) == letters
    assert rolled[0].ids[0] == 0


def test_what_follows_a_conversation_is_encoded_apart_from_it() -> None:
    text = of_bytes()
    encoder = Encoder(text, 64, conversations={"<user>": [5, 6]})
    ((row,),) = encoder.pairs([("<user>", "ab")])
    assert row == Row((5, 6, *text.encode("ab")), 2)
    assert encoder.prompts(["<user>"], [4]) == [[5, 6]]


def test_a_prompt_leaves_room_for_its_answer() -> None:
    text = of_bytes()
    assert Encoder(text, 12).prompts(["abcdefghijkl"], [5]) == [text.encode("fghijkl")]
    kept = Encoder(replace(text, started=True), 12).prompts(["abcdefghijkl"], [5])
    assert kept == [[0, *text.encode("ghijkl")]]


def test_nothing_at_all_has_no_rows() -> None:
    assert Encoder(of_bytes(), 12).texts([""]) == [[]]
    assert Encoder(of_bytes(), 12).pairs([("", "")]) == [[]]
    ((row,),) = Encoder(of_bytes(), 12).pairs([("ab", "")])
    assert row.first == len(row.ids) - 1  # a continuation without a token of its own: the last one counts
