from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from aurora.errors import UserError
from aurora.recipe.tokens import Infilling
from aurora.tokens.infilling import DRAWS, SHORTEST, Ids, Infiller
from aurora.tokens.packing import new_row, rows_of
from aurora.tokens.store import StoreWriter, TokenStore
from aurora.tokens.text.text_facts import Markers, TextFacts
from tokens.conftest import TEXTS

ALWAYS = Infilling(rate=1)


def original_order(ids: Ids, markers: Markers) -> list[int]:
    """A cut piece's ids as they were written, without markers."""
    found = ids.tolist()
    suffix, middle = found.index(markers.suffix), found.index(markers.middle)
    assert found[0] == markers.prefix
    return [*found[1:suffix], *found[middle + 1 :], *found[suffix + 1 : middle]]


def decoded(facts: TextFacts, ids: Any) -> str:
    text: str = facts.tokenizer.decode([int(token) for token in ids], skip_special_tokens=False)
    return text


def piece_of(facts: TextFacts, text: str) -> Ids:
    return np.array(facts.encode(text), np.int64)


@pytest.mark.parametrize(("rate", "suffix_first"), [(0.5, 0.5), (0.3, 0.1), (1.0, 1.0), (0.07, 0.0)])
def test_the_share_of_cut_pieces_is_exact(facts: TextFacts, rate: float, suffix_first: float) -> None:
    infiller = Infiller(facts, Infilling(rate=rate, suffix_first=suffix_first), "web/en")
    orders = Counter(infiller.order(n) for n in range(10_000))
    assert (orders["psm"] + orders["spm"]) / 10_000 == pytest.approx(rate, abs=1e-3)
    assert orders["spm"] / (orders["psm"] + orders["spm"]) == pytest.approx(suffix_first, abs=0.01)
    chosen = [n for n in range(1000) if Infiller(facts, Infilling(), "web/en").order(n)] if rate == 0.5 else []
    assert not chosen or 200 < sum(n % 2 for n in chosen) < 300  # no pattern in the numbers


def test_what_is_chosen_is_cut(facts: TextFacts) -> None:
    """Also short pieces, where the first draw often leaves the suffix too short for the markers' room."""
    infiller = Infiller(facts, ALWAYS, "web/en")
    markers = facts.markers
    assert markers is not None
    for length, least in ((SHORTEST, 0.5), (16, 0.98), (60, 1.0)):
        ids = piece_of(facts, TEXTS[0])[:length]
        cut = [markers.middle in infiller.infilled(ids, n).tolist() for n in range(300)]
        assert np.mean(cut) >= least


@given(st.text(min_size=12, max_size=80), st.integers(0, 5000), st.floats(0, 1), st.integers(0, 6), st.integers(0, 6))
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_inverse_is_the_text_but_for_the_markers_room(
    facts: TextFacts, text: str, n: int, share: float, head: int, tail: int
) -> None:
    """Also where a sequence begins or ends within a character."""
    assert facts.markers is not None
    whole = piece_of(facts, text)
    ids = whole[head : len(whole) - tail]
    found = Infiller(facts, Infilling(rate=1, suffix_first=share), "web/en").infilled(ids, n)
    assert len(found) == len(ids)
    if facts.markers.middle not in found.tolist():
        assert found.tolist() == ids.tolist()
        return
    back = bytes_of(facts, original_order(found, facts.markers))
    assert bytes_of(facts, ids.tolist()).startswith(back)
    assert len(ids) - len(original_order(found, facts.markers)) == 3


def bytes_of(facts: TextFacts, ids: list[int]) -> bytes:
    """The bytes of byte-level ids, whole characters or not."""
    from aurora.tokens.text.encoder import byte_alphabet

    alphabet = byte_alphabet()
    return bytes(alphabet[letter] for token in ids for letter in facts.tokenizer.id_to_token(token))


def published(facts: TextFacts, text: str, first: int, second: int, length: int, order: str) -> list[int] | None:
    """The rule of StarCoder's training for two drawn places, written out anew; None where it leaves a piece whole."""
    assert facts.markers is not None
    prefix, middle, suffix = (facts.encode(part) for part in (text[:first], text[first:second], text[second:]))
    too_long = len(prefix) + len(middle) + len(suffix) + 3 - length
    if len(suffix) <= too_long:
        return None
    suffix = suffix[: len(suffix) - too_long]
    pre, suf, mid = facts.markers.prefix, facts.markers.suffix, facts.markers.middle
    if order == "spm":
        return [pre, suf, *suffix, mid, *prefix, *middle]
    return [pre, *prefix, suf, *suffix, mid, *middle]


def test_a_cut_is_that_of_the_published_rule(facts: TextFacts) -> None:
    infiller = Infiller(facts, ALWAYS, "code/code")
    orders = set()
    for text in TEXTS:
        ids = piece_of(facts, text)
        for n in range(40):
            order = infiller.order(n)
            assert order is not None
            draws = [infiller._drawn(n, draw, len(text)) for draw in range(DRAWS)]
            made = [published(facts, text, first, second, len(ids), order) for first, second in draws]
            assert infiller.infilled(ids, n).tolist() == next(it for it in made if it is not None)
            orders.add(order)
    assert orders == {"psm", "spm"}


def test_cuts_fall_anywhere_and_follow_from_the_number(facts: TextFacts) -> None:
    infiller, other = Infiller(facts, ALWAYS, "web/en"), Infiller(facts, ALWAYS, "web/fi")
    drawn = [infiller._drawn(n, 0, 99) for n in range(4000)]
    assert drawn[:500] == [Infiller(facts, ALWAYS, "web/en")._drawn(n, 0, 99) for n in range(500)]
    assert drawn[:500] != [other._drawn(n, 0, 99) for n in range(500)]
    assert drawn[:500] != [infiller._drawn(n, 1, 99) for n in range(500)]
    assert np.allclose(np.mean(drawn, axis=0), [33, 66], atol=2)
    assert {place for pair in drawn for place in pair} == set(range(100))  # both ends too


@pytest.mark.parametrize("separate", [False, True])
@pytest.mark.parametrize("length", [64, 100])
def test_all_parts_of_what_is_cut_lie_in_one_sequence(
    facts: TextFacts, tmp_path: Path, length: int, separate: bool
) -> None:
    """In long documents, of which most lie in many sequences, and at the rate that the recipe says."""
    markers = facts.markers
    assert markers is not None
    texts = [f"{number} " + " ".join(TEXTS[(number + k) % 6] for k in range(1 + number % 30)) for number in range(60)]
    with StoreWriter(tmp_path / "web.en", facts.vocabulary) as writer:
        for text in texts:
            writer.add(facts.document(facts.encode(text)))
        writer.close("web", "en", "t")
    store = TokenStore.open(tmp_path / "web.en")
    plain = rows_of(store, length, facts.start, facts.end, separate=separate)
    infiller = Infiller(facts, Infilling(), "web/en")
    rows = rows_of(store, length, facts.start, facts.end, separate=separate, infiller=infiller)
    pieces = cut = 0
    for index in range(rows.count):
        row, before = new_row(length), new_row(length)
        rows.fill(index, row)
        plain.fill(index, before)
        assert row.documents is not None
        assert before.documents is not None
        assert row.documents.tolist() == before.documents.tolist()
        assert (row.targets == facts.end).tolist() == (before.targets == facts.end).tolist()
        for number in range(int(row.documents.max()) + 1):
            inside = row.documents == number
            found = [*row.inputs[inside][:1].tolist(), *row.targets[inside].tolist()]
            counts = Counter(token for token in found if token in (markers.prefix, markers.suffix, markers.middle))
            pieces += len(found) > 2 * SHORTEST
            if not counts:
                continue
            assert counts == {markers.prefix: 1, markers.suffix: 1, markers.middle: 1}
            content = np.array([token for token in found if token != facts.end])
            written = [*before.inputs[inside][:1].tolist(), *before.targets[inside].tolist()]
            back = decoded(facts, original_order(content, markers)).strip("\N{REPLACEMENT CHARACTER}")
            text = decoded(facts, [token for token in written if token != facts.end])
            assert back in text
            cut += len(found) > 2 * SHORTEST
    assert pieces > 150
    assert cut / pieces == pytest.approx(0.5, abs=0.06)


def test_a_piece_with_a_special_token_stays_whole(facts: TextFacts) -> None:
    """Its text could not be told from text that spells one."""
    ids = np.insert(piece_of(facts, TEXTS[0]), 9, facts.tokenizer.token_to_id("<reponame>"))
    infiller = Infiller(facts, ALWAYS, "web/en")
    assert all(infiller.infilled(ids, n).tolist() == ids.tolist() for n in range(20))


def test_pieces_of_other_merges_keep_their_text(facts: TextFacts) -> None:
    """A store made elsewhere may spell a text letter by letter: it would become shorter."""
    ids = np.array([token for letter in TEXTS[0] for token in facts.encode(letter)], np.int64)
    infiller = Infiller(facts, ALWAYS, "web/en")
    assert all(infiller.infilled(ids, n).tolist() == ids.tolist() for n in range(20))


def test_a_tokenizer_without_markers_is_refused(facts: TextFacts) -> None:
    import dataclasses

    with pytest.raises(UserError, match=r"tokens.infilling needs a tokenizer with the tokens <fim_prefix>"):
        Infiller(dataclasses.replace(facts, markers=None), ALWAYS, "web/en")


def test_a_tokenizer_that_adds_white_space_is_refused(facts: TextFacts) -> None:
    import dataclasses

    words = Tokenizer(models.WordLevel({"▁one": 0, "▁two": 1, "▁three": 2, "▁": 3, "?": 4}, "?"))
    words.pre_tokenizer = pre_tokenizers.Metaspace()
    words.decoder = decoders.Metaspace()
    with pytest.raises(UserError, match=r"tokens.infilling needs a byte-level tokenizer"):
        Infiller(dataclasses.replace(facts, tokenizer=words), ALWAYS, "web/en")
