"""Labels of languages as data sets and tools write them, and the one tag of each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.languages.labels import canonical, family, in_usual_script, primary, required, without_region


@pytest.mark.parametrize(
    ("tag", "labels"),
    [
        ("fi", "fi FI fin fin_Latn fin-Latn fi_FI fi-FI fi_FI.UTF-8 __label__fi __label__fin_Latn fin_Latn_FI"),
        ("en", "en eng eng_Latn EN en_US en-US en_US.UTF-8 __label__eng_Latn"),
        ("ja", "ja jpn jpn_Jpan ja-JP jpn_Hira"),
        ("vi", "vie_Latn vi-VN"),
        ("hi", "hin_Deva hi-IN hin"),
        ("ko", "kor_Hang kor_Kore ko-KR"),
        ("zh", "zh cmn chi zho cmn_Hani zho_Hani zh-CN"),
        ("zh-Hans", "zho_Hans zh-Hans-CN cmn_Hans"),
        ("zh-Hant", "zho_Hant zh-TW zh_TW cmn_Hant"),
        ("zh-Hant-HK", "zh-HK"),
        ("no", "no nor no_NO"),
        ("nb", "nb nob nob_Latn nb-NO"),
        ("nn", "nno_Latn nn-NO"),
        ("he", "he iw heb heb_Hebr iw_IL"),
        ("id", "id in ind ind_Latn"),
        ("ar", "ar ara arb arb_Arab"),
        ("arz", "arz arz_Arab"),
        ("et", "ekk_Latn est"),
        ("lv", "lvs_Latn"),
        ("sw", "swh_Latn swa"),
        ("fil", "fil_Latn tgl_Latn tl"),
        ("sr", "sr sr-RS srp"),
        ("sr-Cyrl", "srp_Cyrl sr@cyrillic"),
        ("sr-Latn", "srp_Latn sr@latin sr_RS@latin sr_Latn"),
        ("hi-Latn", "hin_Latn"),
        ("uz-Latn", "uzn_Latn uz_UZ@latin"),
        ("tt", "tat_Cyrl tt"),
        ("pt", "pt pt-BR por_Latn"),
        ("pt-PT", "pt_PT"),
        ("fr-CA", "fr_CA fra_Latn_CA"),
        ("pa-Arab", "pa-PK"),
        ("be-tarask", "be-tarask"),
        ("roa-rup", "roa-rup"),
        ("de", "ger deu de_DE@euro"),
        ("code", "code Code CODE"),
        ("und", "und und_Latn mul mis zxx zxx_Zxxx __label__und_Arab"),
    ],
)
def test_a_label_means_one_tag(tag: str, labels: str) -> None:
    assert {label: canonical(label) for label in labels.split()} == dict.fromkeys(labels.split(), tag)
    assert canonical(tag) == tag


@pytest.mark.parametrize(
    "label",
    ["Finnish", "english", "xx", "xxx", "python", "C++", "unknown", "None", "fi fi", "fi/../..", "fi-", "_", "x-mine",
     "日本語", "fi\x1b[0m", "\ud800", "f" * 10_000, "a-" * 50, "jpn_Japn"],
)  # fmt: skip
def test_what_is_no_label_has_no_tag(label: str) -> None:
    assert canonical(label) is None
    with pytest.raises(ValueError, match=r"is not a language label; write its code, such as fi, fin_Latn or pt-BR"):
        required(label)


def test_an_empty_label_says_nothing_and_is_not_enough_where_one_is_required() -> None:
    assert canonical(" ") == "und"
    with pytest.raises(ValueError, match="is not a language label"):
        required(" ")


@given(st.from_regex(r"(__label__)?[a-zA-Z]{2,3}([_-][a-zA-Z]{4})?([_-][a-zA-Z]{2})?", fullmatch=True) | st.text())
def test_a_tag_means_itself_and_can_stand_in_the_name_of_a_file(label: str) -> None:
    tag = canonical(label)
    if tag is not None:
        assert canonical(tag) == tag
        assert tag.replace("-", "").isalnum()
        assert canonical(tag.lower()) == canonical(tag.upper().replace("-", "_")) == tag
        assert canonical(without_region(tag)) is not None
        assert primary(tag) == primary(without_region(tag))


def test_families_and_scripts() -> None:
    assert family("sr-Latn") == family("hr") == family("bs")
    assert family("nb") == family("nn-NO") == family("no")
    assert family("en-GB") == "en"
    assert [tag for tag in ("hi", "hi-Latn", "sr", "sr-Cyrl", "sr-Latn", "zh-Hans", "zh-Hant", "en-GB", "und", "code")
            if not in_usual_script(tag)] == ["hi-Latn", "sr-Latn", "zh-Hant"]  # fmt: skip
    assert without_region("zh-Hant-HK") == "zh-Hant"
    assert without_region("pt-PT") == "pt"
