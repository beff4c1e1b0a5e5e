"""Actions made of slots."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from aurora.redteam.ontology import Ontology


def test_every_verb_takes_every_object_in_the_form_that_it_governs() -> None:
    ontology = Ontology.model_validate(
        {
            "actions": ["{verb} {who.par}", "puhua {who.ela}"],
            "slots": {"verb": ["pilkata", "solvata"], "who": [{"par": "naapuria", "ela": "naapurista"}]},
        }
    )
    assert list(ontology.expanded()) == ["pilkata naapuria", "solvata naapuria", "puhua naapurista"]
    assert not list(ontology.mistakes())


def test_an_object_may_stand_before_its_verb_and_twice() -> None:
    ontology = Ontology.model_validate(
        {"actions": ["{a}を{b}、{a}を見る"], "slots": {"a": ["車", "船"], "b": ["売る"]}}
    )
    assert list(ontology.expanded()) == ["車を売る、車を見る", "船を売る、船を見る"]


@pytest.mark.parametrize(
    ("actions", "slots", "said"),
    [
        (["{verb} it"], {}, "the slot {verb} has no entries: give some in `slots`"),
        (["{verb} it"], {"verb": []}, "the slot {verb} has no entries"),
        (["{verb} it"], {"verb": ["see"], "who": ["me"]}, "no action has the slot {who}"),
        (["see {who.par}"], {"who": ["me"]}, "'me' has no form par, as 'see {who.par}' needs"),
        (["see {who}"], {"who": [{"par": "me"}]}, "'me' has several forms, of which the action names none"),
        (["see {who} {"], {"who": ["me"]}, "there are other braces here"),
    ],
)
def test_what_does_not_fit_is_named_and_makes_nothing(
    actions: list[str], slots: dict[str, list[object]], said: str
) -> None:
    ontology = Ontology.model_validate({"actions": actions, "slots": slots})
    assert any(said in what for _, what in ontology.mistakes())
    assert len(list(ontology.expanded())) == ("who" in slots and "verb" in slots)


@pytest.mark.parametrize("entry", [3, "", [], {}, {"par": 3}, {"par": ""}, None])
def test_an_entry_is_a_text_or_a_table_of_forms(entry: object) -> None:
    with pytest.raises(ValidationError, match=r"neither a text nor a table of forms"):
        Ontology.model_validate({"actions": ["{a}"], "slots": {"a": [entry]}})
