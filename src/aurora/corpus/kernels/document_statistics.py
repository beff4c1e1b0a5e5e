"""The statistics of one document, from the tokens and lines that `outline` found.

One decision: the statistics of every rule set are computed for every document, as the published filters define them, so
that any set can be asked for later without reading a text.
"""

from __future__ import annotations

import numpy as np

from aurora.corpus.kernels.characters import CLOSING, ENDING, SINGLE, TOKEN
from aurora.corpus.kernels.compiled import compiled
from aurora.corpus.kernels.ngrams import measure_runs, name_tokens, named, slots_of
from aurora.corpus.kernels.outline import (
    BRACES,
    CHARACTERS,
    END,
    LINKS,
    LONGEST_WORD,
    SENTENCES,
    START,
    SYMBOLIC,
    TOKENS,
    WITH_LETTER,
    WORDS,
    decode,
    mix,
)
from aurora.corpus.kernels.spans import (
    FILLER,
    GENERATED,
    LICENCE,
    POLICY,
    SCRIPT,
    find,
    hash_bytes,
    last,
    length,
    starts,
    strip,
)

BASIC = (
    "visible",  # characters that are not spaces; in code all but the spaces around the text
    "letters",  # shares of the visible characters; of code those in words, of all characters
    "digits",
    "symbols",
    "script",  # share of the letters that are of the language's script
    "words",  # between spaces; NaN where the language has none
    "mean_word",  # characters
    "repeated",  # share of the characters in lines that repeat an earlier one
    "longest_line",  # characters, of code alone
    "mean_line",
    "generated",  # 1 if the first lines of code say that a program wrote it
)
GOPHER = (
    "tokens",  # with a letter, mark or number
    "mean_token",  # characters of these
    "hash_marks",  # `#` by tokens
    "ellipses",  # by tokens
    "bullet_lines",  # share of lines that begin with a bullet or hyphen
    "ellipsis_lines",  # share of lines that end with an ellipsis
    "alphabetic",  # share of tokens with a letter
    "stop_words",  # how many of the language's there are
)
REPETITION = (
    "duplicate_paragraphs",  # shares of the paragraphs, the characters, the lines, the characters
    "duplicate_paragraph_characters",
    "duplicate_lines",
    "duplicate_line_characters",
    *(f"top_{length}_gram" for length in (2, 3, 4)),  # shares of the characters
    *(f"duplicate_{length}_grams" for length in range(5, 11)),
)
C4 = (
    "sentences",  # in the lines that C4 keeps
    "filler",  # lines with filler text, among those that end as a sentence does
    "braces",  # lines with a curly bracket, among those that C4 keeps
)
FINEWEB = (
    "ended_lines",  # share of lines that end a sentence
    "short_lines",  # share of lines of at most 30 characters
    "repeated_characters",  # share of the characters in lines that repeat an earlier one, spaces included
    "line_feeds",  # by tokens
)
WEB = (
    "menu_lines",  # share of the lines in a run of short ones that end no sentence, as menus do
    "link_lines",  # share of the lines with a link
)
OTHERS = (
    "no_letters",  # share of the visible characters that are numbers, symbols or punctuation; prose only
    "licence_header",  # share of the characters in an opening comment about licences; code only
)
STATISTICS = (*BASIC, *GOPHER, *REPETITION, *C4, *FINEWEB, *WEB, *OTHERS)

_AT = {name: column for column, name in enumerate(STATISTICS)}
_VISIBLE = _AT["visible"]
_LETTERS, _DIGITS, _SYMBOLS, _SCRIPT = (_AT[name] for name in ("letters", "digits", "symbols", "script"))
_WORDS, _MEAN_WORD, _REPEATED = (_AT[name] for name in ("words", "mean_word", "repeated"))
_LONGEST_LINE, _MEAN_LINE, _GENERATED = (_AT[name] for name in ("longest_line", "mean_line", "generated"))
_GOPHER, _REPETITION, _C4, _FINEWEB = (_AT[names[0]] for names in (GOPHER, REPETITION, C4, FINEWEB))
_TOP, _DUPLICATE = _AT["top_2_gram"], _AT["duplicate_5_grams"]
_WEB = _AT["menu_lines"]
_NO_LETTERS, _LICENCE_HEADER = (_AT[name] for name in OTHERS)

SHORT_LINE = 30  # characters, FineWeb's
_FEWEST_WORDS, _LONGEST_WORD = 3, 1000  # of a line that C4 keeps: at least so many words, none of more characters
HEAD_LINES = 10  # in which generators of code announce themselves
# A menu has at least so many lines in a row, each of at most so many words and characters.
_MENU_LINES, _MENU_WORDS, _MENU_CHARACTERS = 5, 5, 40
_PARAGRAPH = np.uint64(0x5851F42D4C957F2D)  # begins hashes of paragraphs, which share a table with those of lines


@compiled
def measure_document(data, language, counts, scanned, runs, first, out):  # type: ignore[no-untyped-def]
    """Write the statistics of a scanned document to `out` [statistics]; returns the first unused name."""
    out[:] = 0
    _characters(language, counts, out)
    first = _feeds(data, language.flags, counts, scanned, runs, first, out)
    first = _lines(data, language, counts, scanned, runs, first, out)
    names = name_tokens(scanned.hashes, counts.tokens, runs, first)
    _tokens(language, counts, scanned, runs, names, out)
    first = measure_runs(scanned.ends, counts.tokens, names, runs, first, out[_TOP:], out[_DUPLICATE:])
    for statistic in range(_TOP, _REPETITION + len(REPETITION)):
        out[statistic] /= max(1, counts.characters)
    return first


@compiled
def _characters(language, counts, out):  # type: ignore[no-untyped-def]
    """The basic statistics that follow from counts alone."""
    if language.code:
        out[:_LONGEST_LINE] = out[_NO_LETTERS] = np.nan
        out[_VISIBLE] = counts.stripped
        out[_LETTERS] = counts.alphanumeric / max(1, counts.characters)
        return
    out[_LONGEST_LINE : _GENERATED + 1] = out[_LICENCE_HEADER] = np.nan
    out[_NO_LETTERS] = (counts.visible - counts.letters) / max(1, counts.visible)
    out[_VISIBLE] = counts.visible
    out[_LETTERS] = counts.letters / max(1, counts.visible)
    out[_DIGITS] = counts.numbers / max(1, counts.visible)
    out[_SYMBOLS] = counts.symbols / max(1, counts.visible)
    out[_SCRIPT] = counts.script / max(1, counts.letters)
    out[_WORDS] = counts.words if language.spaces else np.nan
    out[_MEAN_WORD] = counts.visible / max(1, counts.words) if language.spaces else np.nan


@compiled
def _tokens(language, counts, scanned, runs, names, out):  # type: ignore[no-untyped-def]
    """Gopher's statistics of words: a token without a letter, mark or number is no word, but counts as a token."""
    words = characters = alphabetic = stop_words = 0
    for token in range(counts.tokens):
        kind = scanned.kinds[token]
        if kind & SYMBOLIC == 0:
            words += 1
            characters += scanned.ends[token + 1] - scanned.ends[token]
        alphabetic += kind & WITH_LETTER != 0
    for name in range(names):
        hashed = scanned.hashes[runs.firsts[name]]
        for stop_word in language.stop_words:
            stop_words += hashed == stop_word
    tokens = max(1, counts.tokens)
    out[_GOPHER] = words
    out[_GOPHER + 1] = characters / max(1, words)
    out[_GOPHER + 2] = counts.hash_marks / tokens
    out[_GOPHER + 3] = counts.ellipses / tokens
    out[_GOPHER + 6] = alphabetic / tokens
    out[_GOPHER + 7] = stop_words
    out[_FINEWEB + 3] = (counts.feeds - 1) / tokens


@compiled
def _feeds(data, flags, counts, scanned, runs, first, out):  # type: ignore[no-untyped-def]
    """Lines as line feeds separate them, and paragraphs as several feeds do: statistics of Gopher's repetition and of
    FineWeb."""
    shift, mask = slots_of(counts.full_feeds + counts.full_feeds // 2 + 2)
    names = np.uint64(0)
    text_start, text_end = strip(data, 0, len(data), flags)
    lines = full = ended = short = again = again_characters = again_full = 0
    paragraphs = paragraphs_again = paragraph_characters = 0
    paragraph, paragraph_start = _PARAGRAPH, -1
    final = counts.feeds - 1
    for feed in range(counts.feeds):
        start, end, characters = scanned.feeds[feed, START], scanned.feeds[feed, END], scanned.feeds[feed, CHARACTERS]
        # Two feeds in a row have no line between them, but the text before the first and after the last feed is a line.
        if end > start or feed == 0 or feed == final:
            hashed = hash_bytes(data, start, end)
            known = named(runs.table, hashed, shift, mask, first, first + names) != first + names
            names += np.uint64(not known)
            lines += 1
            again += known
            again_characters += characters * known
            visible, visible_end = strip(data, start, end, flags)
            if visible_end > visible:
                full += 1
                ended += flags[last(data, end)] & ENDING != 0
                short += characters <= SHORT_LINE
                again_full += characters * known
            if end > start and start < text_end and end > text_start:
                if start < text_start or end > text_end:
                    hashed = hash_bytes(data, max(start, text_start), min(end, text_end))
                if paragraph_start < 0:
                    paragraph, paragraph_start = _PARAGRAPH, max(start, text_start)
                paragraph = mix(paragraph, hashed)
        if paragraph_start >= 0 and (feed == final or scanned.feeds[feed + 1, START] == scanned.feeds[feed + 1, END]):
            known = named(runs.table, paragraph, shift, mask, first, first + names) != first + names
            names += np.uint64(not known)
            paragraphs += 1
            paragraphs_again += known
            if known:
                paragraph_characters += length(data, paragraph_start, min(end, text_end))
            paragraph_start = -1
    out[_REPETITION] = paragraphs_again / max(1, paragraphs)
    out[_REPETITION + 1] = paragraph_characters / max(1, counts.characters)
    out[_REPETITION + 2] = again / lines
    out[_REPETITION + 3] = again_characters / max(1, counts.characters)
    out[_FINEWEB] = ended / max(1, full)
    out[_FINEWEB + 1] = short / max(1, full)
    out[_FINEWEB + 2] = again_full / max(1, counts.characters - final)
    return first + names


@compiled
def _lines(data, language, counts, scanned, runs, first, out):  # type: ignore[no-untyped-def]
    """Lines as every kind of line end separates them: statistics of the basic rules, of Gopher, C4 and the web."""
    shift, mask = slots_of(counts.full_lines)
    names = np.uint64(0)
    longest = characters = again = bullets = ellipses = sentences = filler = braces = generated = 0
    full = links = menu = run = 0
    for line in range(counts.lines):
        start, end, size = scanned.lines[line, START], scanned.lines[line, END], scanned.lines[line, CHARACTERS]
        longest = max(longest, size)
        if language.code and line < HEAD_LINES and find(data, start, end, language) & GENERATED:
            generated = 1
        visible, visible_end = strip(data, start, end, language.flags)
        if visible == visible_end:
            run = 0
            continue
        full += 1
        links += scanned.lines[line, LINKS] > 0
        run = run + 1 if _is_of_menu(data, visible, visible_end, language.flags, scanned.lines[line, WORDS]) else 0
        if run >= _MENU_LINES:
            menu += _MENU_LINES if run == _MENU_LINES else 1
        hashed = hash_bytes(data, start, end)
        known = named(runs.table, hashed, shift, mask, first, first + names) != first + names
        names += np.uint64(not known)
        characters += size
        again += size * known
        opening, closing = decode(data, visible)[0], last(data, visible_end)
        bullets += opening == 0x2022 or opening == 0x2D
        dots = closing == 0x2E and visible_end - visible >= 3 and data[visible_end - 2] == data[visible_end - 3] == 0x2E
        ellipses += dots or closing == 0x2026
        words = scanned.lines[line, WORDS] if language.spaces else scanned.lines[line, TOKENS]
        if dots or not language.flags[closing] & (ENDING | CLOSING) or words < _FEWEST_WORDS:
            continue
        if language.spaces and scanned.lines[line, LONGEST_WORD] > _LONGEST_WORD:
            continue
        phrases = find(data, start, end, language)
        filler += phrases & FILLER != 0
        if phrases & SCRIPT == 0:
            braces += scanned.lines[line, BRACES] > 0
            if phrases & POLICY == 0:
                sentences += max(1, scanned.lines[line, SENTENCES])
    if language.code:
        out[_LONGEST_LINE] = longest
        out[_MEAN_LINE] = counts.characters / max(1, counts.lines)
        out[_GENERATED] = generated
        out[_LICENCE_HEADER] = _licence_header(data, language, counts, scanned) / max(1, counts.characters)
    else:
        out[_REPEATED] = again / max(1, characters)
    out[_GOPHER + 4] = bullets / max(1, counts.lines)
    out[_GOPHER + 5] = ellipses / max(1, counts.lines)
    out[_C4], out[_C4 + 1], out[_C4 + 2] = sentences, filler, braces
    out[_WEB], out[_WEB + 1] = menu / max(1, full), links / max(1, full)
    return first + names


@compiled
def _is_of_menu(data, start, end, flags, words):  # type: ignore[no-untyped-def]
    """Whether a line's visible part is short and ends with a letter or digit."""
    if words > _MENU_WORDS or end - start > 4 * _MENU_CHARACTERS:  # a character has at most 4 bytes
        return False
    return flags[last(data, end)] & (TOKEN | SINGLE) != 0 and length(data, start, end) <= _MENU_CHARACTERS


@compiled
def _licence_header(data, language, counts, scanned):  # type: ignore[no-untyped-def]
    """Characters of the comment that code begins with, including blank lines and a shebang; 0 if it names no
    licence."""
    characters = phrases = 0
    inside = False  # a comment that an end mark closes
    for line in range(counts.lines):
        start, end = strip(data, scanned.lines[line, START], scanned.lines[line, END], language.flags)
        if start < end:
            opens = starts(data, start, end, "/*") or starts(data, start, end, "<!--")
            if not (inside or opens or _is_comment(data, start, end)):
                break
            inside = (inside or opens) and not (
                starts(data, max(start, end - 2), end, "*/") or starts(data, max(start, end - 3), end, "-->")
            )
            phrases |= find(data, start, end, language)
        characters += scanned.lines[line, CHARACTERS]
    return characters if phrases & LICENCE else 0


@compiled
def _is_comment(data, start, end):  # type: ignore[no-untyped-def]
    first = data[start]
    return (
        first == 0x23  # #
        or first == 0x3B  # ;
        or first == 0x25  # %
        or first == 0x2A  # * within a C-style comment
        or starts(data, start, end, "//")
        or starts(data, start, end, "--")
    )
