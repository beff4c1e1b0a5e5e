from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from aurora.redteam.review.log.contents import DEFAULT_LABELS, Draft, Label, Settings
from review_log import item, settings


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"reviews": 3, "most": 2}, "less than"),
        ({"threshold": float("nan")}, "threshold"),
        ({"threshold": 1.0}, "threshold"),
        ({"reviews": 0}, "reviews"),
        ({"labels": [DEFAULT_LABELS[0], DEFAULT_LABELS[0]]}, "same id"),
        ({"labels": [Label(id="a", title="A", key="1"), Label(id="b", title="B", key="1")]}, "same key"),
        ({"labels": [Label(id="a", title="A", keeps=False), Label(id="b", title="B", keeps=False)]}, "no label keeps"),
        ({"colour": 1}, "colour"),
    ],
    ids=range(8),
)
def test_settings_that_could_not_work_are_refused(values: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Settings(**{"labels": list(DEFAULT_LABELS), **values})


def test_each_key_gives_the_label_that_it_stands_beside() -> None:
    keys = {label.key: label.id for label in settings().labels}
    assert keys == {"1": "refuse", "2": "answer", "3": "discard"}


@pytest.mark.parametrize(
    "values",
    [
        {"prompt": ""},
        {"prompt": "a\x00"},
        {"language": "no language"},
        {"drafts": [Draft(id="a", text="1"), Draft(id="a", text="2")]},
        {"license": "two\nlines"},
        {"facts": {f"f{number}": "x" for number in range(33)}},
        {"kind": "other"},
    ],
    ids=range(7),
)
def test_items_that_are_none_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        item(1, **values)


def test_a_language_is_kept_under_its_tag() -> None:
    assert item(1, language="fin_Latn").language == "fi"
