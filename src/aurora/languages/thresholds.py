"""The limits of the quality rules, by name: what a language's file may set.

One decision: a limit that a file leaves out is the one of `data/default.yaml`, the rules as published; so a file says
only what its language needs otherwise. A limit that nobody sets drops nothing.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


def _limit(description: str) -> float | None:
    limit: float | None = Field(None, ge=0, description=description)
    return limit


def _repeated(what: str) -> float | None:
    return _limit(f"Most of a text's characters (0 to 1) in {what}.")


class Thresholds(BaseModel):
    """Limits by name: shares are from 0 to 1, lengths in characters."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    # The set `basic`.
    min_characters: float | None = _limit("Fewest visible characters of a document.")
    min_words: float | None = _limit("Fewest words between spaces.")
    min_mean_word: float | None = _limit("Shortest mean length of the words between spaces.")
    max_mean_word: float | None = _limit("Longest mean length of the words between spaces.")
    min_letter_share: float | None = _limit("Smallest share of letters and marks among visible characters.")
    max_digit_share: float | None = _limit("Largest share of digits among visible characters.")
    max_symbol_share: float | None = _limit("Largest share of symbols among visible characters.")
    min_script_share: float | None = _limit("Smallest share of letters that are of the language's script.")
    max_repeated_share: float | None = _limit("Largest share of the text in lines that stood before.")
    # Of code alone: `basic` and `code`.
    max_line: float | None = _limit("Longest line of a file.")
    max_mean_line: float | None = _limit("Longest mean length of the lines of a file.")
    min_alphanumeric_share: float | None = _limit("Smallest share of letters, digits and underscores.")
    max_generated: float | None = _limit("0 drops files that say in their first lines that they were generated.")
    max_licence_header: float | None = _limit("Largest share of a file that its licence takes.")
    # `gopher-quality`; words are tokens here (docs/corpus.md).
    gopher_min_words: float | None = _limit("Fewest words.")
    gopher_max_words: float | None = _limit("Most words.")
    gopher_min_mean_word: float | None = _limit("Shortest mean length of the words.")
    gopher_max_mean_word: float | None = _limit("Longest mean length of the words.")
    gopher_max_hash_marks: float | None = _limit("Most `#` by words.")
    gopher_max_ellipses: float | None = _limit("Most ellipses by words.")
    gopher_max_bullet_lines: float | None = _limit("Largest share of lines that begin with a bullet.")
    gopher_max_ellipsis_lines: float | None = _limit("Largest share of lines that end with an ellipsis.")
    gopher_min_alphabetic: float | None = _limit("Smallest share of words with a letter.")
    gopher_min_stop_words: float | None = _limit("Fewest different stop words.")
    # `gopher-repetition`.
    gopher_max_duplicate_paragraphs: float | None = _limit("Largest share of paragraphs that stood before.")
    gopher_max_duplicate_paragraph_characters: float | None = _repeated("paragraphs that stood before")
    gopher_max_duplicate_lines: float | None = _limit("Largest share of lines that stood before.")
    gopher_max_duplicate_line_characters: float | None = _repeated("lines that stood before")
    gopher_max_top_2_gram: float | None = _repeated("the commonest run of 2 words")
    gopher_max_top_3_gram: float | None = _repeated("the commonest run of 3 words")
    gopher_max_top_4_gram: float | None = _repeated("the commonest run of 4 words")
    gopher_max_duplicate_5_grams: float | None = _repeated("runs of 5 words that stood before")
    gopher_max_duplicate_6_grams: float | None = _repeated("runs of 6 words that stood before")
    gopher_max_duplicate_7_grams: float | None = _repeated("runs of 7 words that stood before")
    gopher_max_duplicate_8_grams: float | None = _repeated("runs of 8 words that stood before")
    gopher_max_duplicate_9_grams: float | None = _repeated("runs of 9 words that stood before")
    gopher_max_duplicate_10_grams: float | None = _repeated("runs of 10 words that stood before")
    # `c4`.
    c4_min_sentences: float | None = _limit("Fewest sentences in lines that end as one.")
    c4_max_filler: float | None = _limit("0 drops documents that hold filler text.")
    c4_max_braces: float | None = _limit("0 drops documents that hold a curly bracket.")
    # `fineweb`.
    fineweb_min_ended_lines: float | None = _limit("Smallest share of lines that end a sentence.")
    fineweb_max_short_lines: float | None = _limit("Largest share of lines of at most 30 characters.")
    fineweb_max_repeated_characters: float | None = _repeated("lines that stood before")
    fineweb_max_line_feeds: float | None = _limit("Most line feeds by words.")
    # `web`, `numbers-and-symbols`, `perplexity` and `flagged-words`.
    web_max_menu_lines: float | None = _limit("Largest share of lines in menus.")
    web_max_link_lines: float | None = _limit("Largest share of lines with links.")
    max_no_letters: float | None = _limit("Largest share of numbers, symbols and punctuation.")
    max_perplexity: float | None = _limit("Highest perplexity; what is much depends on the model.")
    max_flagged: float | None = _limit("Largest share of flagged words; what is much depends on the list.")

    # `conversations`.
    max_empty_answers: float | None = _limit("Most answers of a conversation that say nothing.")
    max_cut_answers: float | None = _limit("Most answers that break off.")
    max_model_answers: float | None = _limit("Most answers that say that a language model wrote them.")
    max_longest_answer: float | None = _limit("Longest answer in bytes; what is too long depends on the model.")

    def values(self) -> dict[str, float]:
        """The limits that are set, by name."""
        return self.model_dump(exclude_none=True)
