"""All mistakes of a recipe at once, each once, and none that only follows from another."""

from __future__ import annotations

from pathlib import Path

import pytest

from aurora.errors import Mistakes
from aurora.recipe import load_recipe

SOURCE = "{kind: jsonl, paths: [web.jsonl], language_key: lang}"
WHEEL = "{kind: wheels, packages: [{name: a, version: '1', sha256: abc}]}"
LENGTH = "    sequence_length: 16\n"


def told(path: Path, *changes: tuple[str, str]) -> list[str]:
    """The sentences about a recipe with some changes, without its path."""
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    with pytest.raises(Mistakes) as error:
        load_recipe(path)
    return [sentence.replace(f"{path}, line ", "") for sentence in error.value.sentences]


def test_six_mistakes_are_six_sentences_in_the_order_of_their_lines(minimal_recipe: Path) -> None:
    assert told(
        minimal_recipe,
        ("name: small", "name: Small"),
        ("kind: jsonl", "kind: json"),
        ("vocabulary: 400", "vocabulary: many"),
        ("positions: 32", "positions: 8"),
        ("batch_tokens: 64", "batch_token: 70"),
        ("{peak: 1e-3}", "{peak: 1e-3, shape: cosinus}"),
    ) == [
        "1: name: 'Small' is not a name of lower-case letters (a-z), digits, `-`, `_` and single dots that begins with "
        "a letter or digit.",
        "4: corpus.sources.web.kind: 'json' is none of jsonl, parquet, text, html, warc, hub, conversations, wheels, "
        "environment (did you mean jsonl?).",
        "6: tokens.train.vocabulary: 'many' stands where a whole number belongs.",
        "13: unknown key stages.base.batch_token (did you mean batch_tokens?).",
        "14: stages.base.sequence_length: 16 is more than model.architecture.positions, 8; give that or less.",
        "16: stages.base.schedule.shape: 'cosinus' is none of cosine, constant, warmup-stable-decay (did you mean "
        "cosine?).",
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("tokens: 256", "tokens: 0", "12: stages.base.tokens: 0 is out of bounds; give 1 or more."),
        ("peak: 1e-3", "peak: 0.0", "16: stages.base.schedule.peak: 0.0 is out of bounds; give more than 0."),
        ("name: small", "name: 7", "1: name: 7 stands where a text belongs; put it in quotes."),
        ("[web.jsonl]", "web.jsonl", "4: corpus.sources.web.paths: 'web.jsonl' stands where a list belongs."),
        ("[web.jsonl]", "[]", "4: corpus.sources.web.paths: this is empty; give 1 or more."),
        ("mixture: {web/en: 1}", "mixture: []", "15: stages.base.mixture: a list stands where a table belongs."),
        (
            "web/en: 1",
            "wbe/en: 1",
            "15: stages.base.mixture: 'wbe/en' is not SOURCE/LANGUAGE with a source of corpus.sources (did you mean "
            "web/en?).",
        ),
        (
            "language_key: lang",
            "language: fi",
            "15: stages.base.mixture: 'web/en' has no text: corpus.sources.web is all 'fi' (did you mean web/fi?).",
        ),
        (
            LENGTH,
            f"{LENGTH}    optimizer: {{carry: true}}\n",
            "15: stages.base.optimizer.carry: what it starts from has no moments of what it trains; leave it out.",
        ),
        (
            SOURCE,
            WHEEL,
            "4: corpus.sources.web.packages.0.sha256: 'abc' does not have the form of this key (SHA-256 of the "
            "downloaded file, hex).",
        ),
    ],
)
def test_one_mistake_is_one_sentence_that_says_what_to_write(
    minimal_recipe: Path, old: str, new: str, said: str
) -> None:
    assert told(minimal_recipe, (old, new)) == [said]


def test_what_follows_from_a_mistake_is_none(minimal_recipe: Path) -> None:
    """Masks that are not true or false are taken out, and packing is not said to lack them."""
    more = (LENGTH, f"{LENGTH}    packing: best-fit\n    document_masks: maybe\n")
    assert told(minimal_recipe, more) == ["16: stages.base.document_masks: 'maybe' stands where true or false belongs."]


def test_nothing_hides_a_mistake_in_another_table(minimal_recipe: Path) -> None:
    found = told(minimal_recipe, ("architecture: {layers: 1, ", "architecture: {"), ("web/en: 1", "net/en: 1"))
    assert [sentence.split(" ", 1)[0] for sentence in found] == ["8:", "15:"]
