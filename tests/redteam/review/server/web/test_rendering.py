"""Templates: everything escaped, nothing forgotten."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError

from aurora.redteam.review.server.web.rendering import _environment


def test_every_template_escapes_and_every_name_is_given() -> None:
    environment = _environment()
    assert environment.autoescape is True
    with pytest.raises(UndefinedError, match="project_title"):
        environment.get_template("login.html").render(person=None, form="", failed="", login="")
    assert environment.from_string("{{ x }}").render(x="<b>&\"'") == "&lt;b&gt;&amp;&#34;&#39;"


def test_data_for_a_script_cannot_end_it() -> None:
    text = _environment().from_string("{{ data|tojson }}").render(data={"a": "</script><!--"})
    assert "<" not in text
