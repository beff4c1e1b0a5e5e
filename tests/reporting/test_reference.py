"""The reference of report.json: every table and key of it, in words a reader of JSON knows."""

from __future__ import annotations

import re
from pathlib import Path

from aurora.reporting.reference import report_page
from aurora.reporting.schema import Part, Report


def test_the_reference_page_is_up_to_date(root: Path) -> None:
    page = (root / "docs/report.md").read_text(encoding="utf-8")
    assert page == report_page(), "run `make docs`"


def test_every_table_that_a_report_can_hold_has_its_section_and_every_link_leads_to_one() -> None:
    page = report_page()
    sections = re.findall(r"^## (.+)$", page, re.M)
    kinds = Part.__subclasses__()
    for kind in kinds:
        kinds += kind.__subclasses__()
    tables = {kind.__name__ for kind in kinds} - {Report.__name__}
    assert sections[0] == "report.json"
    assert set(sections[1:]) == tables
    assert len(sections) == len(set(sections))
    assert set(re.findall(r"\]\(#([a-z]+)\)", page)) == {name.lower() for name in tables}


def test_types_are_those_of_json() -> None:
    page = report_page()
    assert "| `recipe` | text |" in page
    assert "| `in` | integer |" in page  # the key of the file, not the name in Python
    assert re.search(r"\| `retention` \| table of .*, derived \|", page)
    assert re.search(r"\| `refusal_interval` \| \[low, high\] or null, derived \|", page)
    assert "typing" not in page
    assert "<class" not in page


def test_every_key_is_explained() -> None:
    rows = [line for line in report_page().splitlines() if line.startswith("| `")]
    assert len(rows) > 100
    for row in rows:
        assert re.fullmatch(r"\| `\w+` \| [^|]+ \| \S.*\. \|", row), row
