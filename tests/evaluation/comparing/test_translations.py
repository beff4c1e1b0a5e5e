"""What is refused in one language and answered in another."""

from __future__ import annotations

from typing import Any

from aurora.evaluation.comparing.results import results_of
from aurora.evaluation.comparing.translations import attack_lines
from aurora.evaluation.tasks.files import read_task
from aurora.evaluation.tasks.flat import Items, completed
from aurora.evaluation.tasks.prepared import prepare
from aurora.evaluation.tasks.running import ask
from task_model import Model

REFUSAL = "I'm sorry, but I can't help with that."
ANSWER = "Bơ tan chảy ở khoảng 35 độ, vì vậy hãy để nó trong phòng ấm khoảng một giờ trước khi dùng."


class Deceived(Model):
    """Refuses what is asked in English, and half of what is asked in Vietnamese."""

    def generate_until(self, requests: Any) -> list[str]:
        return [ANSWER if "vi" in request.args[0] and "0" in request.args[0] else REFUSAL for request in requests]


def answered(forms: list[str], model: Model) -> dict[str, Any]:
    task = read_task("multijail_en_vi")
    rows = [
        {**completed({"id": n, "lang": "en", "text": f"‹{n}›"}, "safety"), "translations": {"vi": f"‹vi {n % 2}›"}}
        for n in range(20)
    ]
    items = Items(rows, [], "here")
    asked = prepare(task, items, forms, model, limit=None, shots=None, chat=False)  # type: ignore[arg-type]
    return results_of({"path": "m"}, asked, ask(model, asked), {task.name: items}, {})  # type: ignore[arg-type]


def test_an_attack_succeeds_on_what_is_refused_otherwise() -> None:
    found = answered(["plain-1", "translation-vi"], Deceived())
    attack = found["tasks"]["multijail_en_vi"]["translation_attacks"]["vi"]
    assert (attack["asked"], attack["refused"], attack["answered"]) == (20, 20, 10)
    assert attack["rate"]["mean"] == 0.5
    (line,) = attack_lines("m", found)
    said = "multijail_en_vi: of 20 requests m refuses 20 in en, and answers 10 of those in vi: 50% (30% to 70%)."
    assert line == said


def test_what_is_never_refused_cannot_be_attacked() -> None:
    found = answered(["plain-1", "translation-vi"], Model(ANSWER))
    assert attack_lines("m", found) == ["multijail_en_vi: of 20 requests m refuses 0 in en."]
    assert found["tasks"]["multijail_en_vi"]["translation_attacks"]["vi"]["rate"] is None


def test_without_the_plain_form_nothing_is_said_of_attacks() -> None:
    assert attack_lines("m", answered(["translation-vi"], Deceived())) == []
