from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.errors import UserError
from aurora.tokens.text import templates
from aurora.tokens.text.templates import compiled, quoted, rendered

MESSAGES = [{"role": "user", "content": "Why?"}]


def render(template: str) -> str:
    return rendered(compiled(template), MESSAGES, {"bos_token": "<s>"}, to_answer=True)


def test_a_template_sees_messages_names_and_whether_an_answer_begins() -> None:
    template = "{{ bos_token }}{{ messages[0]['content'] | tojson }}{% if add_generation_prompt %}>{% endif %}"
    assert render(template) == '<s>"Why?">'
    assert render("{% generation %}{{ messages[0]['role'] }}{% endgeneration %}") == "user"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_quoted_text_is_written_as_it_is(text: str) -> None:
    assert render(f"{{{{ {quoted(text)} }}}}") == text
    assert json.loads(quoted(text)) == text


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ messages", "is not valid Jinja"),
        ("{{ strftime_now('%Y') }}", "cannot write a prompt"),
        ("{{ raise_exception('No system turn.') }}", r"cannot write a prompt .*No system turn"),
        ("{{ ''.__class__.__mro__ }}", "cannot write a prompt"),
        ("{% for a in range(99999) %}{% for b in range(99999) %}xxxxxxxxx{% endfor %}{% endfor %}", "writes more than"),
    ],
)
def test_a_template_cannot_run_wild_or_ask_for_the_date(template: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        render(template)


def test_a_template_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "LONGEST_TEMPLATE", 10)
    with pytest.raises(UserError, match="has 11 characters, more than 10"):
        compiled("x" * 11)
