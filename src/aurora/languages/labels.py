"""Labels of languages, as data sets, tools and people write them, and the one tag that each means.

One decision: a tag is as short as it can be without telling less: BCP 47 with the shortest code (`fi`, not `fin_Latn`),
no script that goes without saying, and no region that a reader would take for granted. So two sources of one language
meet under one name; and where a script or region does tell something (`sr-Cyrl`, `pt-PT`), it stays. What codes mean,
which are valid and what goes without saying is of the Unicode CLDR, by the library langcodes.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

CODE = "code"
# What programs speak before they are translated, and what explains them.
ENGLISH = "en"
UNDETERMINED = "und"
# What fastText's models put before a label.
_FASTTEXT = "__label__"
# `fi_FI.UTF-8`, `sr_RS@latin`: a locale's character set and modifier.
_LABEL = re.compile(r"(?P<tag>[A-Za-z0-9_-]{2,40})(?:\.[\w-]{1,20})?(?:@(?P<modifier>\w{1,20}))?", re.ASCII)
_SCRIPTS_OF_LOCALES = {"latin": "Latn", "cyrillic": "Cyrl", "arabic": "Arab", "devanagari": "Deva", "iqtelif": "Latn"}
# No language, many, one without a code: nothing is known of the text by them.
_TELLS_NOTHING = frozenset({"und", "mul", "mis", "zxx"})
# Scripts that tell nothing of a text's, or only a part of how its language is always written.
_NO_SCRIPT = frozenset({"Zxxx", "Zyyy", "Zzzz", "Zinh"})
_WIDER_SCRIPTS = frozenset({("ko", "Hang"), ("zh", "Hani"), ("yue", "Hani"), ("ja", "Hira"), ("ja", "Hrkt")})
# Of languages that read much alike, the wider one that covers them; no short text tells them apart.
_WITHIN = {"nb": "no", "nn": "no", "bs": "sh", "hr": "sh", "sr": "sh", "cnr": "sh", "id": "ms"}


def canonical(label: str) -> str | None:
    """The tag that a label means: BCP 47, `code`, or `und` where it says nothing; None where it is no label."""
    return _canonical(label.strip().removeprefix(_FASTTEXT))


def required(label: str) -> str:
    """The same for a label that must be one; raises ValueError saying what to write."""
    tag = canonical(label)
    if tag is None or not label.strip():
        from aurora.languages.lookup import code_named

        code = code_named(label)
        meant = f" (did you mean {code}?)" if code else ""
        raise ValueError(
            f"{label[:40]!r} is not a language label; write its code, such as fi, fin_Latn or pt-BR, or `code`{meant}"
        )
    return tag


def primary(tag: str) -> str:
    """The language of a tag, without script and region."""
    return tag.partition("-")[0]


def without_region(tag: str) -> str:
    """The language of a tag, and its script where that is said."""
    language, *rest = tag.split("-")
    return "-".join([language, *(part for part in rest if len(part) == len("Latn") and part.isalpha())])


def family(tag: str) -> str:
    """The language of a tag, as wide as texts can be told apart by their words."""
    language = primary(tag)
    return _WITHIN.get(language, language)


def usual_script(tag: str) -> str | None:
    """The script that texts of a tag are written in (ISO 15924), as far as that is known."""
    from langcodes import Language

    script: str | None = Language.get(tag).maximize().script
    return script


@lru_cache(maxsize=1024)
def in_usual_script(tag: str) -> bool:
    """Whether texts of a tag are written as its language usually is; `hi-Latn` and `sr-Latn` are not."""
    language, *script = without_region(tag).split("-")
    if not script:
        return True
    from langcodes import Language

    return script[0] == Language.make(language).maximize().script


@lru_cache(maxsize=4096)
def _canonical(label: str) -> str | None:
    if not label or label.lower() == CODE:
        return label.lower() or UNDETERMINED
    found = _LABEL.fullmatch(label)
    if found is None:
        return None
    from langcodes import standardize_tag, tag_is_valid

    tag = found["tag"]
    if tag.lower().startswith("x-") or not tag_is_valid(tag):
        return None
    if found["modifier"] and (script := _SCRIPTS_OF_LOCALES.get(found["modifier"].lower())):
        language, *rest = tag.replace("_", "-").split("-")
        tag = "-".join([language, script, *rest])
    # With `macro` the most common of the languages that a wider one covers takes its name (`cmn` is `zh`, `arb` `ar`).
    return _shortest(standardize_tag(tag, macro=True))


def _shortest(tag: str) -> str:
    """A tag in standard form without what goes without saying."""
    from langcodes import Language

    given = Language.get(tag)
    language, script, territory = given.language, given.script, given.territory
    if language is None or language in _TELLS_NOTHING:
        return UNDETERMINED
    usual = Language.make(language).maximize().script
    if script in _NO_SCRIPT or (language, script) in _WIDER_SCRIPTS:
        script = None
    if territory and not script:
        written = Language.make(language, territory=territory).maximize().script
        script = written if written != usual else None  # zh-TW is written otherwise than zh
    if territory == Language.make(language, script=script).maximize().territory:
        territory = None
    if script == usual and language in _of_one_script():
        script = None
    parts = [language, *(given.extlangs or ()), script, territory, *(given.variants or ())]
    return "-".join(part for part in parts if part)


@cache
def _of_one_script() -> frozenset[str]:
    """The languages whose usual script is known, and the same in every region."""
    from langcodes.data_dicts import LIKELY_SUBTAGS

    scripts: dict[str, set[str]] = {}
    for tag, full in LIKELY_SUBTAGS.items():
        language, *part = tag.split("-")
        if not part or len(part[0]) != len("Latn"):  # a script says nothing of where another is usual
            scripts.setdefault(language, set()).add(full.split("-")[1])
    return frozenset(language for language, found in scripts.items() if len(found) == 1 and language in LIKELY_SUBTAGS)
