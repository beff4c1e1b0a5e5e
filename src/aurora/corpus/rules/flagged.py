"""Flagged words: the share of a text's words that are on the user's list for its language.

One decision: it is a score, not a filter. The share is a column and part of each document's `meta`; only a threshold
that the user sets turns it into a rule. No list ships. Terms are compared as whole folded tokens (each Han or kana
character is one), so case and width hide none and no term is found inside a word; inflected forms must be listed.
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

LONGEST_TERM = 8  # tokens; each length in use costs a look-up at every token that begins a term
LARGEST_LIST = 20_000_000  # bytes; published lists have 10,000
_FACTOR = np.uint64(0xD6E8FEB86659FD93)  # odd, so that multiplying loses no bit of a hash
# A table of 2^16 flags, by the top bits of a term's first token, dismisses nearly all tokens that begin no term.
_BEGINNINGS = 1 << 16
_TO_BEGINNING = np.uint64(48)


class FlaggedWords:
    """Lists by language, from files with one term a line; lines that begin with # are skipped.

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
    """The `meta` of documents, with the share added as `flagged` if it is above 0."""
    objects = metas.to_pylist()
    values = shares.to_numpy(zero_copy_only=False)
    for row in np.flatnonzero(values > 0).tolist():
        meta = json.loads(objects[row]) | {"flagged": round(float(values[row]), 6)}
        objects[row] = json.dumps(meta, ensure_ascii=False, sort_keys=True)
    return pa.array(objects, pa.string())


class _Terms:
    """The terms of a language as the hashes of their tokens."""

    def __init__(self, lang: str, terms: Iterable[str]) -> None:
        by_length = {length: set[int]() for length in range(1, LONGEST_TERM + 1)}
        self._beginnings = np.zeros(_BEGINNINGS, np.bool_)
        for term in terms:
            hashes = _tokens(term)
            if not 0 < len(hashes) <= LONGEST_TERM:
                raise UserError(
                    f"corpus.curation.flagged_words.{lang}: the term {term[:40]!r} has {len(hashes)} words; "
                    f"write terms of 1 to {LONGEST_TERM}."
                )
            by_length[len(hashes)].add(_joined(hashes))
            self._beginnings[hashes[0] >> int(_TO_BEGINNING)] = True
        self._terms = np.array(sorted(set().union(*by_length.values())), np.uint64)
        # Longest first, so that of two terms that begin alike the longer one counts.
        self._lengths = np.array([length for length, hashes in by_length.items() if hashes][::-1], np.int64)

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
    """The hash of consecutive tokens, as `_shares` computes it."""
    joined = 0
    for value in hashes:
        joined = (joined * int(_FACTOR) + value) & (1 << 64) - 1
    return joined


def _read(lang: str, path: Path) -> list[str]:
    try:
        lines = read_regular(path, LARGEST_LIST).decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError, AuroraError) as error:
        raise UserError(
            f"corpus.curation.flagged_words.{lang}: {path} cannot be read ({error}); give a UTF-8 file with one term a "
            "line."
        ) from error
    terms = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not terms:
        raise UserError(f"corpus.curation.flagged_words.{lang}: {path} has no terms; write one a line.")
    return terms


@entry_point
def _hashes(offsets, data, table, longer, hashes, widths):  # type: ignore[no-untyped-def]
    return token_hashes(data[offsets[0] : offsets[1]], Folding(table, longer), hashes, widths)


@entry_point
def _shares(offsets, data, rows, table, longer, beginnings, terms, lengths, hashes, widths, out):  # type: ignore[no-untyped-def]
    for number in range(len(rows)):
        row = rows[number]
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
                        term = np.searchsorted(terms, joined)
                        if term < len(terms) and terms[term] == joined:
                            step = length
                            break
            flagged += step
            at += max(1, step)
        out[number] = flagged / count if count else 0.0
