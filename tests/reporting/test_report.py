"""The page: well-formed, self-contained, safe against hostile text, whole without optional parts."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aurora.errors import AuroraError
from aurora.files import read_json
from aurora.languages.lookup import language_name
from aurora.reporting.report import render, render_run, write_report
from reporting.reading import Checked

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)></style></title><!--\x00\u202e]]>&lt;"


def test_the_page_is_well_formed_and_self_contained(data: dict[str, Any]) -> None:
    page = render(data)
    checked = Checked(page)
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert len(page.encode()) < 2_000_000
    assert not checked.tags & {"script", "img", "iframe", "object", "embed", "base", "form"}
    assert checked.values("src") == []
    assert all(link is not None and link.startswith(("#", "data:")) for link in checked.values("href"))
    assert not re.search(r"https?:|@import|url\(", page)
    assert not [name for _, name, _ in checked.attributes if name.startswith("on")]
    identities = checked.values("id")
    assert len(set(identities)) == len(identities)
    assert {link.removeprefix("#") for link in checked.values("href") if link and link[0] == "#"} <= set(identities)
    assert set(" ".join(checked.values("aria-labelledby")).split()) <= set(identities)  # type: ignore[arg-type]


def test_every_chart_has_words_and_every_figure_a_caption(data: dict[str, Any]) -> None:
    page = render(data)
    checked = Checked(page)
    assert len(checked.pictures) > 25
    assert all({"title", "desc"} <= picture for picture in checked.pictures)
    assert page.count("<figure>") == page.count("<figcaption>")
    for section in ("shows", "corpus", "mixtures", "languages", "gains", "other-domain", "curves", "samples", "safety"):
        assert f'<h2 id="{section}">' in page


def test_the_bigram_stands_in_every_table_of_bits_per_byte(data: dict[str, Any]) -> None:
    tables = re.findall(
        r"<table><caption><span>((?:Bits per byte|Change against|Held-out bits)[^<]*)(.*?)</table>", render(data)
    )
    assert len(tables) == 6
    assert all("bigram" in rows for _, rows in tables)


def test_figures_of_the_report_are_on_the_page(data: dict[str, Any]) -> None:
    text = Checked(render(data)).text
    corpus = ["61,203 documents in", "The sum holds", "too few words", "10,454", "made-up-catalogues", "BSD-3-Clause"]
    run = ["peak 0.003", "20240330", "2b" * 32, "start: model", "revoked on 20 January 2025", "7\u202fmin 12\u202fs"]
    for expected in corpus + run:
        assert expected in text


def test_a_language_of_a_recipe_is_called_by_its_name_without_its_file(data: dict[str, Any], tmp_path: Path) -> None:
    renamed = json.loads(json.dumps(data).replace('"fi"', '"fo"'))
    assert "Faroese" not in render(renamed)
    renamed["language_names"] = {"fo": "Faroese"}
    assert "Faroese" in render(renamed)
    assert language_name("fo") == "fo"
    write_report(data, tmp_path)
    assert "language_names" not in read_json(tmp_path / "report.json")


def poisoned(value: Any, text: str) -> Any:
    """The report with `text` in every string and added to every free name."""
    if isinstance(value, dict):
        closed = ("kind", "schema", "outcome_before", "outcome_after")  # one of a few words, or the report is refused
        return {key: item if key in closed else poisoned(item, text) for key, item in value.items()}
    if isinstance(value, list):
        return [poisoned(item, text) for item in value]
    return value + text if isinstance(value, str) else value


def renamed(data: dict[str, Any], text: str) -> dict[str, Any]:
    """Hostile text in names that are keys: languages, sources, hashes."""
    for stage in data["stages"]:
        stage["token_shares"] = {key + text: share for key, share in stage["token_shares"].items()}
        stage["bits_per_byte"] = {key + text: score for key, score in stage["bits_per_byte"].items()}
    data["hashes"] = {key + text: value for key, value in data["hashes"].items()}
    data["corpus"]["sources"] = {key + text: value for key, value in data["corpus"]["sources"].items()}
    data["corpus"]["bytes_kept"] = {key + text: value for key, value in data["corpus"]["bytes_kept"].items()}
    return data


def test_hostile_text_stays_text(data: dict[str, Any]) -> None:
    clean = Checked(render(data))
    checked = Checked(render(renamed(poisoned(data, HOSTILE), HOSTILE)))
    assert checked.tags <= clean.tags
    assert not [name for _, name, _ in checked.attributes if name.startswith("on")]
    assert "<script>alert(1)</script>" in checked.text
    assert "\x00" not in checked.text


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(max_size=40) | st.sampled_from(["</script>", "--><script>", '" onload="x', "javascript:x", "</text>"])
)
def test_no_text_changes_the_structure(data: dict[str, Any], text: str) -> None:
    harmless = poisoned(data, "x" * len(text.replace("\r\n", "\n")))
    assert structure(render(poisoned(data, text))) == structure(render(harmless))


def structure(page: str) -> list[tuple[str, str]]:
    """Tags and attribute names in order, of everything that does not depend on the length of a label."""
    checked = Checked(page)
    return [(tag, name) for tag, name, _ in checked.attributes if tag not in ("text", "rect", "line", "g", "polyline")]


OPTIONAL = [
    "control",
    "safety",
    "network",
    "bigram_bits_per_byte",
    "bigram_bits_per_byte_other_domain",
    "environment",
    "hashes",
    "recipe_text",
    "description",
]


@pytest.mark.parametrize("key", OPTIONAL)
def test_a_report_without_an_optional_part_renders(data: dict[str, Any], key: str) -> None:
    whole = Checked(render(data)).text
    del data[key]
    without = Checked(render(data)).text
    assert without != whole
    for word in ("None", "nan", "null"):  # what a value that is not there would look like; prose may have the first
        assert without.count(word) <= whole.count(word)


def test_stages_and_corpus_without_optional_parts_render(data: dict[str, Any]) -> None:
    kept = ("name", "tokens", "seconds", "tokens_per_second", "bits_per_byte")
    bare = {
        "schema": 1,
        "recipe": "bare",
        "seconds": 0,
        "corpus": {key: data["corpus"][key] for key in ("documents", "bytes_kept")},
        "stages": [{key: stage[key] for key in kept} for stage in data["stages"]],
    }
    page = render(bare)
    Checked(page)
    assert "No rule dropped a document." in page
    assert "curves" not in Checked(page).values("id")
    bare["stages"][0].update(tokens=0, tokens_per_second=None, bits_per_byte={})  # type: ignore[index]
    bare["corpus"] = {"documents": {"in": 0, "kept": 0, "dropped": 0, "quarantined": 0}, "bytes_kept": {}}
    Checked(render(bare))


def test_a_huge_report_stays_a_page(data: dict[str, Any]) -> None:
    loss, example = data["corpus"]["losses"][0], data["corpus"]["examples"][0]
    data["corpus"]["losses"] = [{**loss, "rule": f"rule {number}"} for number in range(3000)]
    data["corpus"]["examples"] = [{**example, "excerpt": "x" * 5000}] * 3000
    data["hashes"] = {f"artifact-{number}": "ab" * 32 for number in range(3000)}
    data["corpus"]["sources"]["web"] = {
        "files": [{"path": f"f{number}", "sha256": "ab" * 32} for number in range(9000)]
    }
    data["recipe_text"] = "key: value\n" * 100_000
    data["safety"]["examples"] = data["safety"]["examples"] * 300
    for stage in data["stages"]:
        stage["samples"] = [{**sample, "text": "y" * 50_000} for sample in stage["samples"]]
    page = render(data)
    assert len(page.encode()) < 2_000_000
    assert "further rows are in report.json" in page
    Checked(page)


def test_write_report_makes_the_page_from_the_file(data: dict[str, Any], tmp_path: Path) -> None:
    path = write_report(data, tmp_path)
    assert path == tmp_path / "report.html"
    first = path.read_bytes()
    written = read_json(tmp_path / "report.json")
    assert written["retention"]["cat"]["fi"] == pytest.approx(3.06 / 4.60 - 1, abs=1e-6)
    assert render(written).encode() == first
    path.unlink()
    assert render_run(tmp_path).read_bytes() == first
    assert sorted(found.name for found in tmp_path.iterdir()) == ["report.html", "report.json"]


def test_a_report_that_does_not_fit_is_refused_in_one_sentence(data: dict[str, Any], tmp_path: Path) -> None:
    data["stages"][1]["tokens"] = "many"
    with pytest.raises(AuroraError, match=r"stages\.1\.tokens"):
        write_report(data, tmp_path)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "report.json").write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(AuroraError, match=r"report\.json does not fit"):
        render_run(tmp_path)


def test_a_missing_report_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(AuroraError, match=r"has no report yet: run its recipe to the end"):
        render_run(tmp_path)


@pytest.mark.parametrize("kept", [4, 1], ids=["whole", "one stage"])
def test_headings_go_down_one_level_at_a_time(data: dict[str, Any], kept: int) -> None:
    if kept == 1:
        data["stages"], data["control"], data["safety"] = data["stages"][:1], None, None
    levels = [int(level) for level in re.findall(r"<h([1-6])[ >]", render(data))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert '<ul class="findings"></ul>' not in render(data)
