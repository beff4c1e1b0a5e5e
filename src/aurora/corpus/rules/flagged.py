"""Flagged words: the share of a text's words that stand on the user's list of its language.

One decision: it is a score. A list says what to look at, never what to lose: the share is a column, written beside
each document too, and only a threshold of the user's own makes a rule of it. No list ships. Terms are compared as
folded whole tokens (a character of Han or kana is one), so case and width hide none and no term is found inside a word;
inflected forms are to be listed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aurora.corpus.kernels.columns import buffers_of, concatenated
from aurora.corpus.kernels.compiled import entry_point
from aurora.corpus.kernels.folding import Folding, folding, token_hashes
from aurora.errors import AuroraError, UserError
from aurora.files import read_regular
from aurora.languages.labels import primary

LONGEST_TERM = 8  # tokens
LARGEST_LIST = 20_000_000  # bytes; published ones have 10,000
_FACTOR = np.uint64(0xD6E8FEB86659FD93)
# A table of what any term begins with dismisses nearly all other tokens.
_BEGINNINGS = 1 << 16
_TO_BEGINNING = np.uint64(48)
_Hashes = npt.NDArray[np.uint64]


class FlaggedWords:
    """Lists by language, from files of a term a line; lines that begin with # are left out.

    Raises `UserError` for a file that is missing, not UTF-8 or empty, and for a term that is too long.
    """

    def __init__(self, lists: Mapping[str, Path]) -> None:
        self._lists = {lang: _Terms(lang, _read(lang, path)) for lang, path in lists.items()}

    def measure(self, texts: pa.LargeStringArray, langs: Sequence[str]) -> pa.Array:
        """The share of each text's tokens that belong to a term, float64 [documents]; NaN without a list."""
        shares = np.full(len(texts), np.nan)
        tags = np.asarray(langs, np.object_)
        for tag in dict.fromkeys(langs):
            terms = self._lists.get(tag) or self._lists.get(primary(tag))
            if terms is not None:
                rows = np.flatnonzero(tags == tag)
                shares[rows] = terms.shares(texts, rows)
        return pa.array(shares)


def with_score(metas: pa.StringArray, shares: pa.Array) -> pa.StringArray:
    """The `meta` of documents with the share as `flagged`, where it is above 0."""
    found = metas.to_pylist()
    values = shares.to_numpy(zero_copy_only=False)
    for row in np.flatnonzero(values > 0).tolist():
        meta = json.loads(found[row]) | {"flagged": round(float(values[row]), 6)}
        found[row] = json.dumps(meta, ensure_ascii=False, sort_keys=True)
    return pa.array(found, pa.string())


class _Terms:
    """The terms of a language as the hashes of their tokens."""

    def __init__(self, lang: str, terms: Iterable[str]) -> None:
        found = {length: set[int]() for length in range(1, LONGEST_TERM + 1)}
        self._beginnings = np.zeros(_BEGINNINGS, np.bool_)
        for term in terms:
            hashes = _tokens(term)
            if not 0 < len(hashes) <= LONGEST_TERM:
                raise UserError(
                    f"corpus.curation.flagged_words.{lang}: the term {term[:40]!r} has {len(hashes)} words; "
                    f"a term has 1 to {LONGEST_TERM}."
                )
            found[len(hashes)].add(_joined(hashes))
            self._beginnings[hashes[0] >> int(_TO_BEGINNING)] = True
        self._terms = np.array(sorted(set().union(*found.values())), np.uint64)
        self._lengths = np.array([length for length, hashes in found.items() if hashes][::-1], np.int64)

    def shares(self, texts: pa.LargeStringArray, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """The share of tokens that belong to a term, float64 [rows]."""
        offsets, data = buffers_of(texts)
        longest = int(np.diff(offsets).max()) + 1
        out = np.empty(len(rows), np.float64)
        room = np.empty(longest, np.uint64), np.empty(longest, np.int32)
        _shares(offsets, data, rows, *folding(), self._beginnings, self._terms, self._lengths, *room, out)
        return out


def _tokens(term: str) -> list[int]:
    offsets, data = concatenated([term.encode()])
    hashes, widths = np.empty(len(data) + 1, np.uint64), np.empty(len(data) + 1, np.int32)
    count = _hashes(offsets, data, *folding(), hashes, widths)
    return [int(value) for value in hashes[:count]]


def _joined(hashes: Sequence[int]) -> int:
    """The hash of tokens in a row, as `_shares` reckons it."""
    joined = 0
    for value in hashes:
        joined = (joined * int(_FACTOR) + value) & (1 << 64) - 1
    return joined


def _read(lang: str, path: Path) -> list[str]:
    try:
        lines = read_regular(path, LARGEST_LIST).decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError, AuroraError) as error:
        raise UserError(f"corpus.curation.flagged_words.{lang}: {path} cannot be read ({error}).") from error
    terms = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not terms:
        raise UserError(f"corpus.curation.flagged_words.{lang}: {path} holds no term; write one a line.")
    return terms


@entry_point
def _hashes(offsets, data, table, longer, hashes, widths):  # type: ignore[no-untyped-def]
    return token_hashes(data[offsets[0] : offsets[1]], Folding(table, longer), hashes, widths)


@entry_point
def _shares(offsets, data, rows, table, longer, beginnings, terms, lengths, hashes, widths, out):  # type: ignore[no-untyped-def]
    for place in range(len(rows)):
        row = rows[place]
        count = token_hashes(data[offsets[row] : offsets[row + 1]], Folding(table, longer), hashes, widths)
        flagged = at = 0
        while at < count:
            step = 0
            if beginnings[hashes[at] >> _TO_BEGINNING]:
                for length in lengths:
                    if at + length <= count:
                        joined = np.uint64(0)
                        for token in range(at, at + length):
                            joined = joined * _FACTOR + hashes[token]
                        found = np.searchsorted(terms, joined)
                        if found < len(terms) and terms[found] == joined:
                            step = length
                            break
            flagged += step
            at += max(1, step)
        out[place] = flagged / count if count else 0.0
