"""What each stage was trained on: shares, passes, padding, and what instructions were made from."""

from __future__ import annotations

from typing import Any

from aurora.reporting.page.components import Palette
from aurora.reporting.report import render
from aurora.reporting.schema import Report
from aurora.reporting.sections.mixtures import mixtures_section
from reporting.reading import plain, rows

PALETTE = Palette(["en", "code", "fi", "hi", "ja", "vi"])


def page_of(data: dict[str, Any]) -> str:
    return mixtures_section(Report.model_validate(data), PALETTE)


def test_shares_come_with_passes_and_with_what_was_read_where_that_differs(data: dict[str, Any]) -> None:
    base = data["stages"][0]
    base["tokens_read"] = {"docstrings/en": 900_000, "sources/code": 600_000}
    _, first, second, *others = rows(page_of(data), "Share of tokens with a loss, ")
    assert first[:3] == ["docstrings/en", "50 % ×1.8, 60 % read", "17 % ×0.41"]
    assert second[:2] == ["sources/code", "50 % ×1.8, 40 % read"]
    assert others[-1][0] == "redteam/pairs"  # it has no language
    assert others[-1][1:] == ["–", "–", "–", "60 % ×0.43"]


def test_the_control_stands_right_below_the_stage_it_repeats(data: dict[str, Any]) -> None:
    data["stages"][1].update(padding=50_000, loss_tokens={"docstrings/en": 700_000})
    page = page_of(data)
    assert [row[0] for row in rows(page, "Stages")[1:]] == ["base", "cap", "control without-replay", "cat", "safety"]
    assert rows(page, "Stages")[2] == ["cap", "base", "1 M", "700 k", "5 %", "1 min 11 s", "14 k"]
    described = plain(page.partition('<desc id="shares-desc">')[2].partition("</desc>")[0])
    assert [part.partition(":")[0] for part in described.split("; ")] == [
        "base", "cap", "cap, without-replay", "cat", "safety",
    ]  # fmt: skip


def test_a_source_has_the_colour_of_its_language(data: dict[str, Any]) -> None:
    page = page_of(data)
    assert '<span class="swatch s1" aria-hidden="true"></span>docstrings/en' in page
    assert '<span class="swatch s3" aria-hidden="true"></span>catalogues/fi' in page


def test_what_is_of_no_language_or_no_text_has_a_pattern(data: dict[str, Any]) -> None:
    data["corpus"]["sources"]["chats"] = {"kind": "conversations"}
    data["stages"][2]["token_shares"] = {}
    data["stages"][3]["token_shares"] = {
        "redteam/pairs": 0.4,
        "redteam/benign": 0.2,
        "chats/fi": 0.2,
        "docstrings/en": 0.2,
    }
    page = page_of(data)
    for name, series in (("redteam/pairs", "s9 striped"), ("redteam/benign", "s0 barred"), ("chats/fi", "s3 dotted")):
        assert f'<span class="swatch {series}" aria-hidden="true"></span>{name}' in page
    drawn = page.partition("<svg")[2].partition("</svg>")[0]
    assert [drawn.count(f'class="pattern-{name}"') for name in ("striped", "barred", "dotted")] == [1, 1, 3]


def test_stages_without_shares_keep_their_numbers(data: dict[str, Any]) -> None:
    for trained in (*data["stages"], data["control"]):
        trained["token_shares"] = {}
    page = page_of(data)
    assert "<svg" not in page
    assert len(rows(page, "Stages")) == 6


def test_instructions_stand_beside_text_and_code_with_what_they_were_made_from(data: dict[str, Any]) -> None:
    title, origin = "Share of tokens with a loss by kind of text", {"kind": "conversations", "made_from": ["gsm8k"]}
    for stage in data["stages"]:
        stage["token_shares"] = {"docstrings/en": 0.5, "sources/code": 0.5}
    assert title not in render(data)
    data["corpus"]["sources"]["maths"] = origin
    data["corpus"]["sources"]["unused"] = origin
    data["stages"][-1]["token_shares"] = {
        "docstrings/en": 0.5,
        "sources/code": 0.2,
        "maths/en": 0.2,
        "redteam/pairs": 0.1,
    }
    page = render(data)
    table = page[page.index(title) :].partition("</table>")[0]
    assert [cell for cell in ("50", "20", "30") if f"{cell}\u202f%" not in table] == []
    assert "maths was made from the training sets of gsm8k: what a stage gains on these is not all transfer." in page
    assert "unused was made from" not in page
