"""The frame of every page: whole, closed to everything outside, and known again."""

from __future__ import annotations

import base64
import hashlib

from aurora.reporting.page.frame import document, is_page
from aurora.reporting.page.markup import tag
from reporting.reading import Checked

HOSTILE = '</title><script>alert(1)</script>"'


def test_a_page_loads_and_runs_nothing_whatever_its_title_says() -> None:
    page = document("report", HOSTILE, HOSTILE, tag("main", HOSTILE), HOSTILE)
    checked = Checked(page)
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert "script" not in checked.tags
    assert checked.text.count(HOSTILE) == 3  # title, content and closing line; the description is an attribute
    policy = next(value for value in checked.values("content") if value and "default-src" in value)
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert checked.values("href") == ["data:,"]


def test_the_style_is_within_the_page_as_it_is() -> None:
    style = document("report", "T", "D", tag("main"), "C").partition("<style>")[2].partition("</style>")[0]
    assert "prefers-color-scheme: dark" in style
    assert "@media print" in style
    assert "url(" not in style
    assert "&" not in style  # nothing was escaped, which CSS would not understand


def test_a_page_is_told_by_its_beginning() -> None:
    page = document("report", "T" * 100, "D" * 100, tag("main"), "C").encode()
    assert is_page(page[:2000], "report")
    assert not is_page(page, "corpus"), "a page of one kind never replaces one of another"
    assert not is_page(b"<!DOCTYPE html><html><head><title>Mine</title></head></html>", "report")
    assert not is_page(b"", "report")


def test_a_script_of_ours_is_the_only_one_that_may_run() -> None:
    script = "'use strict'; if (1 < 2 && true) { void 0; }"
    page = document("comparison", "T", HOSTILE, tag("main", HOSTILE), "C", script)
    assert f"<script>{script}</script></body>" in page
    assert page.count("<script") == 1
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = next(value for value in Checked(page).values("content") if value and "default-src" in value)
    assert policy.endswith(f"img-src data:; script-src 'sha256-{digest}'")
    assert is_page(page.encode()[:2000], "comparison")
