"""Whole conversations in the formats of published models, against `transformers`' own rendering and assistant mask.

The templates are ours, written to the shape of those models: what stands around a turn, who has one, and the default
of the system.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from aurora.corpus.conversation import ASSISTANT, BETWEEN, SYSTEM, USER, Turn
from aurora.errors import UserError
from aurora.files import read_json, write_json, write_text
from aurora.recipe.tokens import TrainedTokenizer
from aurora.tokens.text.companions import write_companions
from aurora.tokens.text.formats import Format
from aurora.tokens.text.text_facts import FILE, SETTINGS, TEMPLATE, read_text
from aurora.tokens.text.tokenizer import train_tokenizer
from tokens.conftest import TEXTS

transformers = pytest.importorskip("transformers")

ANSWER = "{% generation %}{{ message['content'] }}END{% endgeneration %}"
CHATML = (
    "{% for message in messages %}DEFAULT{{ '<|im_start|>' + message['role'] + '\\n' }}"
    "{% if message['role'] == 'assistant' %}" + ANSWER.replace("END", "<|im_end|>") + "{% else %}"
    "{{ message['content'] + '<|im_end|>' }}{% endif %}{{ '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
SYSTEMS = (
    "{% if loop.first and message['role'] != 'system' %}"
    "{{ '<|im_start|>system\\nYou are SAID.<|im_end|>\\n' }}{% endif %}"
)
TEMPLATES = {
    "ChatML": CHATML.replace("DEFAULT", ""),
    "SmolLM2": CHATML.replace("DEFAULT", SYSTEMS.replace("SAID", "a small model")),
    "Qwen": CHATML.replace("DEFAULT", SYSTEMS.replace("SAID", "a helpful assistant")),
    "Llama 3": (
        "{{ bos_token }}{% for message in messages %}"
        "{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' }}"
        "{% if message['role'] == 'assistant' %}"
        "{% generation %}{{ message['content'] | trim }}<|eot_id|>{% endgeneration %}{% else %}"
        "{{ message['content'] | trim + '<|eot_id|>' }}{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}"
    ),
    "AURORA-M": (
        "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}"
        "{{ '### Instruction:\\n' + message['content'] + '\\n### Response:\\n' }}"
        "{% elif message['role'] == 'assistant' %}"
        + ANSWER.replace("END", "<|endoftext|>")
        + "{% else %}{{ raise_exception('no such role') }}{% endif %}{% endfor %}"
    ),
}
SPECIAL = ("<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|begin_of_text|>")
ENDS = {"Llama 3": "<|eot_id|>", "AURORA-M": "<|endoftext|>"}


def folder_of(path: Path, template: str) -> Path:
    path.mkdir()
    train_tokenizer(TEXTS, TrainedTokenizer(vocabulary=420), SPECIAL).save(str(path / FILE))
    write_companions(None, path, None, pairs=True)
    write_text(path / TEMPLATE, template)
    if "bos_token" in template and "header" in template:
        settings = {**read_json(path / SETTINGS), "bos_token": "<|begin_of_text|>", "add_bos_token": True}
        write_json(path / SETTINGS, settings)
    return path


def conversations(count: int, system: bool) -> list[list[Turn]]:
    """Talks of one to five exchanges in five languages and code, which begin and end with no blank."""
    draw = random.Random(7)
    words = [word for text in TEXTS for word in text.split()]
    found = []
    for _ in range(count):
        turns = [Turn(SYSTEM, "Be brief.")] if system and draw.random() < 0.3 else []
        for _ in range(draw.randint(1, 5)):
            for role in (USER, ASSISTANT):
                text = draw.choice([" ", "\n", "\n\n", "  "]).join(draw.choices(words, k=draw.randint(1, 12)))
                turns.append(Turn(role, text))
        found.append(turns)
    return found


@pytest.mark.parametrize("name", TEMPLATES)
def test_ids_and_masks_are_those_of_transformers(tmp_path: Path, name: str) -> None:
    folder = folder_of(tmp_path / "t", TEMPLATES[name])
    form, theirs = Format(read_text(folder)), transformers.AutoTokenizer.from_pretrained(folder)
    for turns in conversations(200, system=name != "AURORA-M"):
        messages = [{"role": turn.role, "content": turn.text} for turn in turns]
        expected = theirs.apply_chat_template(messages, return_dict=True, return_assistant_tokens_mask=True)
        ids, mask = form.conversation(turns)
        assert ids == expected["input_ids"]
        assert mask == expected["assistant_masks"]
        learnt = theirs.decode([index for index, counts in zip(ids, mask, strict=True) if counts])
        end = ENDS.get(name, "<|im_end|>")
        assert learnt == "".join(turn.text + end for turn in turns if turn.role == ASSISTANT)


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_is_not_learnt_is_context_with_the_same_ids(tmp_path: Path, name: str) -> None:
    form = Format(read_text(folder_of(tmp_path / "t", TEMPLATES[name])))
    turns = [Turn(USER, "Why?"), Turn(ASSISTANT, "So."), Turn(USER, "How?"), Turn(ASSISTANT, "Thus.")]
    ids, mask = form.conversation(turns)
    last_ids, last_mask = form.conversation(turns, last_only=True)
    shown = [turn._replace(learnt=number == 3) for number, turn in enumerate(turns)]
    assert (last_ids, last_mask) == form.conversation(shown)
    assert last_ids == ids
    first = len(form.conversation(turns[:2])[0])
    assert last_mask == [0] * first + mask[first:]
    assert 0 < sum(last_mask) < sum(mask)


def test_a_system_turn_stands_in_the_first_prompt_where_a_format_has_no_place_for_it(tmp_path: Path) -> None:
    form = Format(read_text(folder_of(tmp_path / "t", TEMPLATES["AURORA-M"])))
    asked, answered = Turn(USER, "Why?"), Turn(ASSISTANT, "So.")
    talk = [asked, answered, asked, answered]
    merged = [asked._replace(text=f"Be brief.{BETWEEN}Why?"), *talk[1:]]
    assert form.conversation([Turn(SYSTEM, "Be brief."), *talk]) == form.conversation(merged)


def test_a_template_that_changes_earlier_answers_is_refused(tmp_path: Path) -> None:
    template = (
        "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' }}"
        "{% if message['role'] == 'assistant' and not loop.last %}...{% else %}{{ message['content'] }}{% endif %}"
        "{{ '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
    )
    form = Format(read_text(folder_of(tmp_path / "t", template)))
    asked, answered = Turn(USER, "Why?"), Turn(ASSISTANT, "So.")
    form.conversation([asked, answered])
    with pytest.raises(UserError, match=r"set tokens\.format"):
        form.conversation([asked, answered, asked, answered])
