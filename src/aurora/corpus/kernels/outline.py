"""One pass over the bytes of a document that counts its characters and finds its tokens and lines.

One decision: a token is a run of letters, marks and numbers, one Han or kana character, or a run of the same other
character; white space separates tokens. That works in every script, without a model or a dictionary.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aurora.corpus.kernels.characters import (
    ALPHABETIC,
    ALPHANUMERIC,
    CLOSING,
    ENDING,
    INNER,
    LETTER,
    LINE_END,
    NUMBER,
    SCRIPT,
    SINGLE,
    SPACE,
    SYMBOL,
    TOKEN,
    WIDE_ENDING,
)
from aurora.corpus.kernels.compiled import compiled

# Kinds of tokens.
SYMBOLIC = 1  # without a letter, mark or number
WITH_LETTER = 2
# Odd, so that multiplying loses no bit of a hash; its halves are mixed at the end by _HASH_SHIFT.
_HASH_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_HASH_SEED = np.uint64(0x2545F4914F6CDD1D)
_HASH_SHIFT = np.uint64(32)

# Columns of a line: as str.splitlines separates lines (all columns), and as line feeds do (the first three).
START, END, CHARACTERS, WORDS, LONGEST_WORD, TOKENS, SENTENCES, BRACES, LINKS = range(9)
LINE_COLUMNS = 9
FEED_COLUMNS = 3  # START, END, CHARACTERS


class Scanned(NamedTuple):
    """What the pass writes about a document, with room for the largest of a batch. Bytes count from its first."""

    hashes: npt.NDArray[np.uint64]  # [tokens]
    spans: npt.NDArray[np.int32]  # [tokens, 2]: first byte and byte after the last
    ends: npt.NDArray[np.int32]  # [tokens + 1]: characters of the tokens before each
    kinds: npt.NDArray[np.uint8]  # [tokens]
    lines: npt.NDArray[np.int32]  # [lines, LINE_COLUMNS]
    feeds: npt.NDArray[np.int32]  # [lines, FEED_COLUMNS]


class Counts(NamedTuple):
    """What the pass counts in a document; characters down to `stripped`."""

    characters: int
    visible: int
    letters: int
    numbers: int
    symbols: int
    script: int
    alphanumeric: int
    stripped: int
    hash_marks: int
    ellipses: int
    words: int
    tokens: int
    lines: int
    feeds: int
    full_lines: int  # lines that are not empty
    full_feeds: int


def scanned_room(size: int) -> Scanned:
    """Arrays for documents of up to `size` bytes. The system provides only those pages that a document reaches."""
    return Scanned(
        np.empty(size + 1, np.uint64),
        np.empty((size + 1, 2), np.int32),
        np.zeros(size + 2, np.int32),
        np.empty(size + 1, np.uint8),
        np.empty((size + 2, LINE_COLUMNS), np.int32),
        np.empty((size + 2, FEED_COLUMNS), np.int32),
    )


@compiled
def decode(data, at):  # type: ignore[no-untyped-def]
    """(code point, bytes) of the character at a position in valid UTF-8."""
    lead = np.int64(data[at])
    if lead < 0x80:
        return lead, 1
    if lead < 0xE0:
        return (lead & 0x1F) << 6 | (data[at + 1] & 0x3F), 2
    if lead < 0xF0:
        return (lead & 0x0F) << 12 | (np.int64(data[at + 1]) & 0x3F) << 6 | (data[at + 2] & 0x3F), 3
    return (
        (lead & 0x07) << 18
        | (np.int64(data[at + 1]) & 0x3F) << 12
        | (np.int64(data[at + 2]) & 0x3F) << 6
        | (data[at + 3] & 0x3F)
    ), 4


@compiled
def mix(hashed, value):  # type: ignore[no-untyped-def]
    return (hashed ^ np.uint64(value)) * _HASH_FACTOR


@compiled
def scan(data, table, into):  # type: ignore[no-untyped-def]
    """Write the tokens and lines of a document, whose UTF-8 bytes are `data`; returns its Counts."""
    end = len(data)
    characters = letters = numbers = symbols = script = alphanumeric = spaces = 0
    hash_marks = ellipses = words = tokens = lines = feeds = full_lines = full_feeds = 0
    first_visible, last_visible = -1, -1  # characters before the first visible one, and up to the last
    start, hashed, length, kinds = -1, _HASH_SEED, 0, 0  # the token being read
    run = 0  # how often the symbol being read is repeated
    word_start = -1  # characters before the word, which is what is between spaces
    line_start, line_characters, line_words, line_tokens, longest = 0, 0, 0, 0, 0
    sentences = braces = links = 0  # of the line
    feed_start, feed_characters = 0, 0
    previous, point = 0, -1
    at = 0
    while at < end:
        before = point
        point, width = decode(data, at)
        flags = table[point]
        if flags & TOKEN or (start >= 0 and flags & INNER and _joins(data, at + 1, end, table, previous)):
            if start < 0:
                start, hashed, length, kinds = at, _HASH_SEED, 0, 0
            hashed = mix(hashed, point)
            length += 1
            kinds |= flags
            letters += (flags & LETTER) != 0
            numbers += (flags & NUMBER) != 0
            script += (flags & SCRIPT) != 0
            alphanumeric += (flags & ALPHANUMERIC) != 0
        else:
            if start >= 0:
                _write_token(into, tokens, start, at, length, hashed, _kind(kinds))
                tokens += 1
                start = -1
            if flags & SPACE:
                spaces += 1
            elif flags & SINGLE:
                _write_token(into, tokens, at, at + width, 1, mix(_HASH_SEED, point), WITH_LETTER)
                tokens += 1
                letters += 1
                script += (flags & SCRIPT) != 0
                alphanumeric += 1
            else:
                symbols += (flags & SYMBOL) != 0
                if point == before:  # the token of one repeated symbol grows
                    run += 1
                    tokens -= 1
                else:
                    run, hashed = 1, _HASH_SEED
                hashed = mix(hashed, point)
                _write_token(into, tokens, at - (run - 1) * width, at + width, run, hashed, SYMBOLIC)
                tokens += 1
                hash_marks += point == 0x23
                ellipses += point == 0x2026 or (point == 0x2E and run % 3 == 0)
                braces += point == 0x7B
                links += (point == 0x28 and before == 0x5D) or (point == 0x3A and _opens_address(data, at + 1, end))
                sentences += flags & ENDING != 0 and _ends_sentence(data, at + width, end, table, flags)
        if flags & SPACE:
            if word_start >= 0:
                words += 1
                line_words += 1
                longest = max(longest, characters - word_start)
                word_start, last_visible = -1, characters
            if flags & LINE_END:
                if point != 0x0A or before != 0x0D:  # a line feed after a carriage return ends no line of its own
                    _write_line(into, lines, line_start, at, characters - line_characters, line_words, longest)
                    _write_rest(into, lines, tokens - line_tokens, sentences, braces, links)
                    lines += 1
                    full_lines += at > line_start
                line_start, line_characters, line_words, line_tokens = at + width, characters + 1, 0, tokens
                longest = sentences = braces = links = 0
                if point == 0x0A:
                    _write_feed(into, feeds, feed_start, at, characters - feed_characters)
                    feeds += 1
                    full_feeds += at > feed_start
                    feed_start, feed_characters = at + 1, characters + 1
        elif word_start < 0:
            word_start = characters
            if first_visible < 0:
                first_visible = characters
        previous = flags
        characters += 1
        at += width
    if start >= 0:
        _write_token(into, tokens, start, end, length, hashed, _kind(kinds))
        tokens += 1
    if word_start >= 0:
        words += 1
        line_words += 1
        longest = max(longest, characters - word_start)
        last_visible = characters
    if line_start < end:
        _write_line(into, lines, line_start, end, characters - line_characters, line_words, longest)
        _write_rest(into, lines, tokens - line_tokens, sentences, braces, links)
        lines += 1
    _write_feed(into, feeds, feed_start, end, characters - feed_characters)
    visible, stripped = characters - spaces, last_visible - first_visible
    shares = (letters, numbers, symbols, script, alphanumeric)
    rows = (lines, feeds + 1, full_lines + 1, full_feeds + 1)
    return Counts(characters, visible, *shares, stripped, hash_marks, ellipses, words, tokens, *rows)


@compiled
def _joins(data, at, end, table, previous):  # type: ignore[no-untyped-def]
    """Whether a character, which begins before `at`, stands between two letters or two digits."""
    while at < end and data[at] & 0xC0 == 0x80:
        at += 1
    if at >= end:
        return False
    following = table[decode(data, at)[0]]
    return following & TOKEN != 0 and previous & following & (LETTER | NUMBER) != 0


@compiled
def _ends_sentence(data, at, end, table, flags):  # type: ignore[no-untyped-def]
    """Whether a mark before `at` ends a sentence: the last of several, followed by a space, a quote or nothing."""
    if at >= end:
        return True
    following = table[decode(data, at)[0]]
    return following & ENDING == 0 and (flags & WIDE_ENDING != 0 or following & (SPACE | CLOSING) != 0)


@compiled
def _opens_address(data, at, end):  # type: ignore[no-untyped-def]
    """Whether two slashes follow a colon, as in https://."""
    return at + 1 < end and data[at] == 0x2F and data[at + 1] == 0x2F


@compiled
def _kind(flags):  # type: ignore[no-untyped-def]
    if flags & (LETTER | NUMBER) == 0:
        return SYMBOLIC
    return WITH_LETTER if flags & ALPHABETIC else 0


@compiled
def _write_token(into, token, start, end, length, hashed, kind):  # type: ignore[no-untyped-def]
    into.hashes[token] = hashed ^ hashed >> _HASH_SHIFT
    into.spans[token, 0], into.spans[token, 1] = start, end
    into.ends[token + 1] = into.ends[token] + length
    into.kinds[token] = kind


@compiled
def _write_line(into, line, start, end, characters, words, longest):  # type: ignore[no-untyped-def]
    into.lines[line, START], into.lines[line, END], into.lines[line, CHARACTERS] = start, end, characters
    into.lines[line, WORDS], into.lines[line, LONGEST_WORD] = words, longest


@compiled
def _write_rest(into, line, tokens, sentences, braces, links):  # type: ignore[no-untyped-def]
    into.lines[line, TOKENS], into.lines[line, SENTENCES] = tokens, sentences
    into.lines[line, BRACES], into.lines[line, LINKS] = braces, links


@compiled
def _write_feed(into, feed, start, end, characters):  # type: ignore[no-untyped-def]
    into.feeds[feed, START], into.feeds[feed, END], into.feeds[feed, CHARACTERS] = start, end, characters
