"""What personal data looks like in a language, as its file says it; the file of what belongs to no language has the
same form (corpus/personal/data).

One decision: a number is described by a pattern and by tests that patterns cannot say (a check digit); so a new country
needs no code.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

PlaceKind = Literal["at", "digits", "colons", "codes", "tokens", "assigned", "addresses"]
FakeKind = Literal["email", "digits", "form", "ipv4", "ipv6", "iban", "address", "secret"]
# What may stand before the postal code of an address besides characters themselves.
CAPITAL, WORD, WIDE = "capital", "word", "wide"
LONGEST_WORD = 24  # bytes of a word of an address


class Table(BaseModel):
    """A table of such a file: unknown keys are refused, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PersonalType(Table):
    """A type of personal data: what is written in its place."""

    placeholder: str = Field(pattern=r"^<[A-Z_]+>$", description="What placeholders say, such as `<NATIONAL_ID>`.")
    fake: FakeKind = Field(
        description="How a fake is made. `digits` keeps the value's form, with other digits; `form` is written anew."
    )
    head: str = Field("", description="The first digits of a fake of `digits`: some that nobody's number has.")
    form: str = Field("", description="The form of a fake of `form`, with # for each digit.")


class Remainder(Table):
    """A last character that follows from the digits before it, as the remainder of a division."""

    modulus: int = Field(ge=2, description="What is divided by.")
    weights: list[int] = Field(
        default_factory=list, description="A weight for each digit; without any the digits are one whole number."
    )
    characters: str = Field(
        "",
        description="The last character for each remainder; without them it is the digit that fills the remainder up "
        "to `modulus`, and 0 where that has two.",
    )

    @model_validator(mode="after")
    def _every_remainder_has_its_character(self) -> Remainder:
        if self.characters and len(self.characters) != self.modulus:
            raise ValueError(f"characters: {len(self.characters)} characters for {self.modulus} remainders")
        return self


class PersonalPattern(Table):
    """One form of a type."""

    type: str = Field(description="The type, of this file or of those that belong to no language.")
    kind: PlaceKind = Field(description="Where to look; `digits` for numbers, `addresses` for street addresses.")
    pattern: str = Field(
        min_length=1,
        description="A regular expression, in which {part} names a part or a list of words. It sees ASCII digits, "
        "hyphens and spaces, whatever the text has.",
    )
    texts: Literal["prose", "all", "code"] | None = Field(
        None,
        description="In which texts it is looked for: all but code, all, or code; without it those of this language.",
    )
    example: str = Field("", description="What it finds; `tokens` and `assigned` need none.")
    digits: tuple[int, int] = Field((0, 0), description="The fewest and most digits of the value.")
    cue: str | None = Field(None, description="A list of words of which one must stand before the value.")
    veto: list[str] = Field(default_factory=list, description="What must not stand around it.")
    check: str | None = Field(None, description="A test that must hold: `luhn`, `verhoeff`, `iban` ...")
    check_last: int = Field(0, ge=0, description="How many of its last characters the test looks at; 0 is all.")
    remainder: Remainder | None = Field(None, description="How its last character follows from its digits.")
    unmistakable: bool = Field(False, description="Nothing else looks so: it goes before what a word names.")
    name: str = Field("", description="Of `assigned`: the names that a value is given to, {name} in the pattern.")


class AddressEnd(Table):
    """Digits in which an address may end, or nearly end: its postal code, or the number of its block.

    A cheap test that finds where the patterns of kind `addresses` are worth reading.
    """

    digits: tuple[int, int] = Field((1, 40), description="The fewest and most digits.")
    groups: tuple[int, int] = Field((1, 40), description="The fewest and most groups that separators part them in.")
    last_group: int = Field(0, ge=0, description="Digits of the last group; 0 is any.")
    before: list[str] = Field(
        default_factory=list,
        max_length=4,
        description="What stands right before: a character of ASCII, `capital` (A-Z), `word` (a letter or digit of "
        "ASCII), `wide` (a character of Han or kana).",
    )
    after: list[Annotated[str, Field(min_length=1, max_length=2)]] = Field(
        default_factory=list, description="Texts of which one stands right behind."
    )


class Addresses(Table):
    """Street addresses of a language."""

    fake: str = Field(pattern=r"^[^{}]*\{0\}[^{}]*$", description="An invented address; {0} is its number.")
    ends: list[AddressEnd] = Field(default_factory=list, description="Digits that an address may end in.")
    words: list[str] = Field(
        default_factory=list,
        description="Words in lower case, with a letter that is not of ASCII, behind which an address goes on after "
        "its number.",
    )

    @model_validator(mode="after")
    def _words_are_short(self) -> Addresses:
        for word in self.words:
            if word.isascii() or len(word.encode()) > LONGEST_WORD or word != word.lower():
                raise ValueError(
                    f"words: {word!r} must be in lower case, of at most {LONGEST_WORD} bytes, with a letter that is "
                    "not of ASCII"
                )
        return self


class PersonalData(Table):
    """Personal data that a language's texts hold, and how its words speak of any."""

    types: dict[str, PersonalType] = Field(default_factory=dict, description="Types that are of this language.")
    words: dict[str, list[str]] = Field(
        default_factory=dict,
        description="Words as regular expressions in lower case, by the list that they are added to "
        "(docs/language.md): what says that a number is a phone number, a version, an amount ...",
    )
    patterns: list[PersonalPattern] = Field(default_factory=list, description="Forms of types, the most telling first.")
    addresses: Addresses | None = Field(None, description="Street addresses; needed by patterns of that kind.")

    @model_validator(mode="after")
    def _addresses_are_told(self) -> PersonalData:
        if self.addresses is None and any(pattern.kind == "addresses" for pattern in self.patterns):
            raise ValueError("addresses: patterns of kind addresses need this table, for their fakes and their ends")
        return self
