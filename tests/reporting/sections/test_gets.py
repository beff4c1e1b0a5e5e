"""What a user gets: before and after in each language, with the intervals of both domains and of refusals."""

from __future__ import annotations

from typing import Any

from aurora.reporting.report import render
from aurora.reporting.schema import Report
from aurora.reporting.sections.gets import gets_section
from aurora.reporting.wording import compact, duration
from reporting.reading import Checked, plain, rows


def table_of(data: dict[str, Any]) -> list[list[str]]:
    return rows(str(gets_section(Report.model_validate(data))), "safety beside")


def test_a_row_holds_all_that_was_measured_in_a_language(data: dict[str, Any]) -> None:
    data["stages"][3]["change_intervals"] = {"fi": [-0.36, -0.3]}
    data["stages"][3]["change_intervals_other_domain"] = {"fi": [-0.4, -0.26]}
    headings, *found = table_of(data)
    assert headings == [
        "language", "bits, base", "bits, safety", "change", "another domain", "harmful refused", "harmless refused",
    ]  # fmt: skip
    by_language = {row[0]: row[1:] for row in found}
    assert by_language["Finnish"][:4] == ["4.60", "3.08", "-33 % [-36 %, -30 %]", "-33 % [-40 %, -26 %]"]
    assert by_language["Finnish"][4].startswith("0 % → 97.5 % [87.1 %, ")
    assert by_language["Code"][2:] == ["+1.1 %", "–", "–", "–"]


def test_an_imported_model_is_what_is_compared_with(data: dict[str, Any]) -> None:
    first = data["stages"][0]
    kept = ("bits_per_byte", "bits_per_byte_other_domain", "samples")
    safety = {**data["safety"]["before"], "refusal_rate": 0.5}
    data["base"] = {"name": "model", "path": "a/b", **{key: first[key] for key in kept}, "safety": safety}
    data["stages"] = data["stages"][1:]
    data["stages"][0]["start"] = "model"
    page = render(data)
    Checked(page)
    assert rows(page, "safety beside the imported model")[0][:3] == ["language", "bits, imported", "bits, safety"]
    tokens, seconds = (sum(stage[key] for stage in data["stages"]) for key in ("tokens", "seconds"))
    doses = rows(page, "What this run was given")[1:]
    assert doses[1] == ["10 ×", plain(f"{compact(10 * tokens)} tokens"), plain(duration(10 * seconds))]
    assert [row[0] for row in doses] == ["1 ×", "10 ×", "100 ×", "10,000 ×"]
    assert "They do not show fluency" in page
    data["stages"][0]["tokens"] = 20_000_000
    assert "They do not show fluency" not in render(data)


def test_a_run_without_red_team_or_another_domain_leaves_both_out(data: dict[str, Any]) -> None:
    data["safety"] = None
    for stage in (*data["stages"], data["control"]):
        stage["bits_per_byte_other_domain"] = {}
    assert table_of(data)[0] == ["language", "bits, base", "bits, safety", "change"]
    page = plain(render(data))
    assert "another domain follows" not in page
    assert "key-diamond" not in str(gets_section(Report.model_validate(data)))


def test_one_stage_of_a_new_network_is_compared_with_nothing(data: dict[str, Any]) -> None:
    data["stages"], data["control"], data["safety"] = data["stages"][:1], None, None
    assert gets_section(Report.model_validate(data)) is None
    assert "What a user gets" not in render(data)
