from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

from aurora.errors import AuroraError, UserError
from aurora.tokens.text.text_facts import FILE, GENERATION, NAMES, SETTINGS, TEMPLATE, Markers, read_text
from tokens.conftest import TEXTS

Make = Callable[..., Path]
FIM = ["<fim-prefix>", "<fim-suffix>", "<fim-middle>"]
NAMED = ["<one>", "<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|endoftext|>", *FIM]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Writes a tokenizer whose special tokens are `special`, in this order from id 0, and the files beside it."""

    def written(special: list[str] = NAMED, processor: Any = None, **files: Any) -> Path:
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.train_from_iterator(
            TEXTS,
            trainers.BpeTrainer(
                vocab_size=320,
                special_tokens=special,
                initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
                show_progress=False,
            ),
        )
        if processor is not None:
            tokenizer.post_processor = processor
        tokenizer.save(str(tmp_path / FILE))
        for name, content in files.items():
            path = tmp_path / {"settings": SETTINGS, "names": NAMES, "generation": GENERATION}.get(name, "config.json")
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        return tmp_path

    return written


def test_a_tokenizer_alone_ends_and_starts_texts_with_its_end_of_text(make: Make) -> None:
    facts = read_text(make())
    assert (facts.start, facts.end, facts.stops, facts.pad) == (5, 5, (5,), 5)
    assert facts.markers == Markers(prefix=6, suffix=7, middle=8)
    assert facts.template is None
    assert facts.document([300]) == [300, 5]
    assert read_text(make(["</s>"])).end == 0
    assert read_text(make(["</s>"])).markers is None


def test_settings_decide_over_names_that_are_known(make: Make) -> None:
    settings = {"eos_token": {"content": "</s>", "lstrip": False}, "pad_token": "<one>", "bos_token": "<s>"}
    facts = read_text(make(settings=settings, generation={"eos_token_id": [4, 2, 5], "temperature": 0.7}))
    assert (facts.start, facts.end, facts.stops, facts.pad) == (2, 2, (2, 4, 5), 0)
    assert facts.names == {"eos_token": "</s>", "pad_token": "<one>", "bos_token": "<s>"}


def test_what_transformers_puts_before_a_text_starts_it(make: Make) -> None:
    settings = {"eos_token": "</s>", "bos_token": "<s>"}
    processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    facts = read_text(make(settings=settings, processor=processor))
    assert (facts.start, facts.end, facts.document([300])) == (1, 2, [1, 300, 2])
    assert read_text(make(settings={**settings, "add_bos_token": False}, processor=processor)).start == 2
    assert read_text(make(settings={**settings, "add_bos_token": True})).start == 1


def test_a_tuned_models_turn_ends_answers_and_not_texts(make: Make) -> None:
    facts = read_text(make(settings={"eos_token": "<|im_end|>"}))
    assert (facts.end, facts.stops) == (5, (4, 5))
    facts = read_text(make(special=["<|im_end|>"], settings={"eos_token": "<|im_end|>"}))
    assert (facts.end, facts.stops) == (0, (0,))


def test_the_networks_own_configuration_counts_without_a_generation_config(make: Make) -> None:
    facts = read_text(make(special=["<x>", "<y>"], configuration={"eos_token_id": 1, "n_layer": 2}))
    assert (facts.end, facts.stops) == (1, (1,))
    facts = read_text(make(special=["<x>", "<y>"], configuration={"eos_token_id": 1}, generation={"eos_token_id": 0}))
    assert facts.stops == (0,)


def test_names_are_read_as_transformers_does(make: Make) -> None:
    names = {"eos_token": "</s>", "pad_token": "<one>"}
    assert read_text(make(settings={"eos_token": "<s>"}, names=names)).end == 2
    assert read_text(make(settings={"eos_token": "<s>", "added_tokens_decoder": {}}, names=names)).end == 1


def test_a_template_of_its_own_file_comes_before_one_among_the_settings(make: Make) -> None:
    several = [{"name": "tools", "template": "T"}, {"name": "default", "template": "D"}]
    folder = make(settings={"chat_template": several})
    assert read_text(folder).template == "D"
    assert read_text(make(settings={"chat_template": "S"})).template == "S"
    (folder / TEMPLATE).write_text("own")
    assert read_text(folder).template == "own"


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"special": ["<x>"]}, "names no token that ends a text: name it as eos_token in tokenizer_config.json"),
        ({"settings": {"eos_token": "<gone>"}}, "names '<gone>' as eos_token, which tokenizer.json does not have"),
        ({"generation": {"eos_token_id": "2"}}, "eos_token_id is '2', not an id or a list of ids"),
        ({"generation": {"eos_token_id": [2, True]}}, "not an id or a list of ids"),
        ({"generation": [1]}, "generation_config.json is not a JSON object"),
        ({"settings": "{"}, "tokenizer_config.json is not valid JSON"),
    ],
)
def test_files_that_contradict_each_other_are_one_sentence(make: Make, files: dict[str, Any], problem: str) -> None:
    with pytest.raises((AuroraError, UserError), match=re.escape(problem)):
        read_text(make(**files))


def test_the_largest_id_decides_how_many_rows_are_needed(make: Make) -> None:
    folder = make()
    values = json.loads((folder / FILE).read_text())
    token = {**values["added_tokens"][-1], "id": 70_000, "content": "<far>"}
    values["added_tokens"].append(token)
    values["model"]["vocab"]["<far>"] = 70_000
    (folder / FILE).write_text(json.dumps(values))
    facts = read_text(folder)
    assert facts.tokenizer.get_vocab_size() < 400
    assert facts.vocabulary == 70_001
    (folder / FILE).write_text(json.dumps(values).replace("70000", "4000000000"))
    with pytest.raises(UserError, match=r"id 4,000,000,000: use a tokenizer of at most 16,777,216 entries"):
        read_text(folder)


def test_pieces_are_not_drawn_by_chance_and_texts_not_cut(make: Make) -> None:
    folder = make()
    expected = read_text(folder).encode(TEXTS[0])
    values = json.loads((folder / FILE).read_text())
    values["model"]["dropout"] = 0.5
    values["truncation"] = {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0}
    (folder / FILE).write_text(json.dumps(values))
    assert {tuple(read_text(folder).encode(TEXTS[0])) for _ in range(5)} == {tuple(expected)}


def test_no_other_module_names_a_special_token() -> None:
    """Ids and names have one owner; formats name the markers that they are made of."""
    source = Path(__file__).parents[3] / "src/aurora"
    pattern = re.compile(r"<\|endoftext|<\|?fim[_-]|\[\[0, \*|END_OF_TEXT = 0|token_to_id\(\"<")
    found = [path.name for path in source.rglob("*.py") if pattern.search(path.read_text(encoding="utf-8"))]
    assert found == ["text_facts.py"]
