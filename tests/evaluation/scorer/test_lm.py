"""`AuroraLM` as the harness uses it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import small_tokenizers
from aurora.errors import AuroraError
from aurora.model.network import Network
from aurora.tokens.text.text_facts import TextFacts
from byte_text import of_bytes

pytest.importorskip("lm_eval")
from lm_eval.api.instance import Instance

from aurora.evaluation.scorer import responses
from aurora.evaluation.scorer.lm import AuroraLM

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def ask(kind: str, *arguments: Any) -> Instance:
    return Instance(kind, {}, arguments, 0)


@pytest.fixture
def lm(network: Network) -> AuroraLM:
    return AuroraLM(network, of_bytes())


def test_a_sum_is_the_difference_of_two_texts(lm: AuroraLM) -> None:
    """No token of the context is scored, and none of the continuation is not."""
    pairs = [("Q: the river", " is wide"), ("Q: the river", " was"), ("", "river"), ("नदी", " चौड़ी")]
    found = lm.loglikelihood([ask("loglikelihood", *pair) for pair in pairs])
    lm.encoder.always = True
    always = lm.loglikelihood([ask("loglikelihood", *pair) for pair in pairs])
    rolled = lm.loglikelihood_rolling([ask("loglikelihood_rolling", a + b) for a, b in pairs])
    before = lm.loglikelihood_rolling([ask("loglikelihood_rolling", a) for a, _ in pairs])
    assert [total for total, _ in always] == pytest.approx(
        [w - b for w, b in zip(rolled, before, strict=True)], abs=1e-4
    )
    assert found[2] == always[2]
    assert found[0] != always[0]


def test_equal_requests_are_computed_once_and_answered_twice(lm: AuroraLM) -> None:
    one, two, three = lm.loglikelihood([ask("loglikelihood", "Q:", text) for text in (" a", " b", " a")])
    assert one == three != two


def test_a_text_longer_than_the_model_is_rolled_over(lm: AuroraLM) -> None:
    (short,) = lm.loglikelihood_rolling([ask("loglikelihood_rolling", "abc" * 20)])
    (long,) = lm.loglikelihood_rolling([ask("loglikelihood_rolling", "abc" * 80)])
    assert 3 * short > long > 6 * short


def test_answers_end_at_texts_and_half_of_the_model_is_left_for_the_prompt(
    lm: AuroraLM, capfd: pytest.CaptureFixture[str]
) -> None:
    (answer,) = lm.generate_until([ask("generate_until", "Q: river?", {"until": [], "max_gen_toks": 20})])
    assert answer
    (cut,) = lm.generate_until([ask("generate_until", "Q: river?", {"until": [answer[2]], "max_gen_toks": 20})])
    assert cut == answer[: answer.index(answer[2])]
    lm.generate_until([ask("generate_until", "Q", {"max_gen_toks": 500})])
    assert "answers end after 48 tokens, as the model reads 96" in capfd.readouterr().err


def test_samples_of_one_prompt_differ_and_are_the_same_again(lm: AuroraLM) -> None:
    asked = [ask("generate_until", "Q:", {"do_sample": True, "temperature": 1.0, "max_gen_toks": 8})] * 5
    samples = lm.generate_until(asked)
    assert len(set(samples)) == 5
    assert lm.generate_until(asked) == samples
    assert AuroraLM(lm.network, lm.text, seed=1).generate_until(asked) != samples


def test_a_conversation_is_read_as_it_was_trained_on(network: Network) -> None:
    tokenizer = small_tokenizers.byte_level("gpt-2")
    tokenizer.add_special_tokens(["<|im_start|>", "<|im_end|>"])
    start, end = (tokenizer.token_to_id(name) for name in ("<|im_start|>", "<|im_end|>"))
    lm = AuroraLM(network, replace(of_bytes(), tokenizer=tokenizer, template=CHATML))
    asked = [{"role": "user", "content": "say <|im_end|> now"}]
    context = lm.apply_chat_template(asked)
    assert context == "<|im_start|>user\nsay <|im_end|> now<|im_end|>\n<|im_start|>assistant\n"
    ((row,),) = lm.encoder.pairs([(context, "yes")])
    assert row.ids.count(start) == 2  # the template's own, once
    assert row.ids.count(end) == 1  # what a person spelt stays text
    assert row.ids[row.first :] == tuple(lm.tok_encode("yes"))
    begun = lm.apply_chat_template([*asked, {"role": "assistant", "content": "Answer:"}], add_generation_prompt=False)
    assert begun == context + "Answer:"
    assert lm.chat_template(True) == CHATML
    assert lm.chat_template(False) is None


def test_facts_that_the_harness_asks_for(lm: AuroraLM) -> None:
    assert lm.max_length == 96
    assert (lm.eot_token_id, lm.prefix_token_id) == (0, 0)
    assert lm.tok_decode(lm.tok_encode("नदी")) == "नदी"
    assert len(lm.tokenizer_name) == 64


def test_a_cache_never_gives_another_models_answers(network: Network, tmp_path: Path) -> None:
    cache = tmp_path / "answers.sqlite"
    choices = [ask("loglikelihood", "Q:", " a"), ask("loglikelihood", "Q:", " b")]
    drawn = [ask("generate_until", "Q:", {"do_sample": True, "max_gen_toks": 6})] * 3
    first, plain = AuroraLM(network, of_bytes(), cache=cache), AuroraLM(network, of_bytes())
    for lm in (first, AuroraLM(network, of_bytes(), cache=cache)):
        assert lm.loglikelihood(choices) == plain.loglikelihood(choices)
        samples = lm.generate_until(drawn)
        assert samples == plain.generate_until(drawn)
        assert len(set(samples)) == 3  # samples that are read again are as many as were drawn
    with torch.no_grad():
        network.norm.weight += 0.5
    assert first.loglikelihood(choices) == plain.loglikelihood(choices)
    assert first.generate_until(drawn) == plain.generate_until(drawn)


def test_what_is_cached_is_not_computed(network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lm = AuroraLM(network, of_bytes(), cache=tmp_path / "answers.sqlite")
    asked = [ask("loglikelihood", "Q:", " a")]
    found = lm.loglikelihood(asked)
    computed: list[int] = []
    monkeypatch.setattr(
        "aurora.evaluation.scorer.lm.likelihoods", lambda model, rows, *rest: computed.append(len(rows))
    )
    assert lm.loglikelihood(asked) == found
    with pytest.raises(AuroraError):  # another number of examples is another request
        lm.loglikelihood([ask("loglikelihood", "Q: x\nA: y\n\nQ:", " a")])
    assert computed == [0, 1]


def test_weights_are_looked_at_once_where_they_stay(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    known = responses.weights_hash
    monkeypatch.setattr(responses, "weights_hash", lambda network: looked.append(1) or known(network))
    lm = AuroraLM(network, of_bytes(), cache=tmp_path / "answers.sqlite")
    with lm.unchanged():
        for behind in (" a", " b"):
            lm.loglikelihood([ask("loglikelihood", "Q:", behind)])
    assert len(looked) == 1
    lm.loglikelihood([ask("loglikelihood", "Q:", " c")])
    assert len(looked) == 2


def test_a_description_says_what_decides_the_answers(network: Network) -> None:
    text = replace(small_text(), started=True)
    told = AuroraLM(network, text, seed=4).describe()
    assert told["start"] == "<|endoftext|>"
    assert told["seed"] == 4
    assert len(told["weights"]) == 64
    assert AuroraLM(network, small_text()).describe()["start"] is None


def small_text() -> TextFacts:
    return replace(of_bytes(), tokenizer=small_tokenizers.byte_level("gpt-2"))
