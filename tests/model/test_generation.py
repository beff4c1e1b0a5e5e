from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from aurora.errors import UserError
from aurora.model.generation import generate, stream
from aurora.model.network import Network

Build = Callable[..., Network]
NEVER = (10_000,)
END = (0,)


def some_prompts(count: int) -> list[list[int]]:
    generator = torch.Generator().manual_seed(8)
    lengths = torch.randint(1, 40, (count,), generator=generator).tolist()
    return [torch.randint(1, 320, (length,), generator=generator).tolist() for length in lengths]


def plain_greedy(model: Network, prompt: list[int], max_new_tokens: int, stop: tuple[int, ...] = END) -> list[int]:
    """Greedy decoding without a cache: the whole sequence again for every token."""
    ids = list(prompt)
    for _ in range(max_new_tokens):
        with torch.no_grad():
            token = int(model(torch.tensor([ids]))[0, -1].argmax())
        if token in stop:
            break
        ids.append(token)
    return ids[len(prompt) :]


@pytest.mark.parametrize("key_value_heads", [1, 4])
def test_a_batched_greedy_answer_is_the_single_one(build: Build, key_value_heads: int) -> None:
    model, prompts = build(key_value_heads=key_value_heads), some_prompts(17)
    expected = [plain_greedy(model, prompt, 20) for prompt in prompts]
    assert generate(model, prompts, 20, stops=END, batch_size=8) == expected
    assert [generate(model, [prompt], 20, stops=END)[0] for prompt in prompts] == expected
    assert [list(stream(model, prompt, 20, stops=END)) for prompt in prompts] == expected
    assert len({tuple(answer) for answer in expected}) > 10


def test_answers_end_before_a_stop_token_and_the_others_go_on(build: Build) -> None:
    model, prompts = build(), some_prompts(12)
    free = generate(model, prompts, 30, stops=NEVER)
    assert all(len(answer) == 30 for answer in free)
    stop = (free[0][0], free[1][5], free[2][12], *free[3][1:3])
    expected = [answer[: next((place for place, token in enumerate(answer) if token in stop), 30)] for answer in free]
    assert generate(model, prompts, 30, stops=stop) == expected
    assert expected[0] == []
    assert len({len(answer) for answer in expected}) > 3


def test_a_long_prompt_loses_its_beginning_and_leaves_room(build: Build) -> None:
    model = build()
    prompt = torch.randint(1, 320, (150,), generator=torch.Generator().manual_seed(1)).tolist()
    answers = generate(model, [prompt, prompt[:90], prompt[:5]], 16, stops=NEVER)
    assert answers[0] == plain_greedy(model, prompt[-80:], 16, NEVER)
    assert answers[1] == plain_greedy(model, prompt[10:90], 16, NEVER)
    assert answers[2] == plain_greedy(model, prompt[:5], 16, NEVER)


def test_sampling_follows_its_seed_and_not_the_batch(build: Build) -> None:
    model, prompts = build(initializer_range=0.1), some_prompts(9)
    drawn = generate(model, prompts, 12, temperature=0.8, top_p=0.9, seed=5, stops=NEVER)
    assert drawn == generate(model, prompts, 12, temperature=0.8, top_p=0.9, seed=5, stops=NEVER, batch_size=2)
    assert drawn != generate(model, prompts, 12, temperature=0.8, top_p=0.9, seed=6, stops=NEVER)
    assert drawn != generate(model, prompts, 12, stops=NEVER)
    torch.manual_seed(123)
    assert drawn == generate(model, prompts, 12, temperature=0.8, top_p=0.9, seed=5, stops=NEVER)


def test_samples_have_the_models_probabilities(build: Build) -> None:
    model = build(initializer_range=0.2)
    with torch.no_grad():
        expected = torch.softmax(model(torch.tensor([[7, 8, 9]]))[0, -1] / 0.7, -1)
    count = 4000
    first = torch.tensor([answer[0] for answer in generate(model, [[7, 8, 9]] * count, 1, 0.7, stops=NEVER)])
    shares = torch.bincount(first, minlength=320) / count
    likely = expected.topk(5).indices
    assert ((shares - expected)[likely].abs() < 4 * (expected[likely] / count).sqrt()).all()


def test_top_p_keeps_the_smallest_set_that_holds_it(build: Build) -> None:
    model = build(initializer_range=0.2)
    with torch.no_grad():
        ordered, ids = torch.softmax(model(torch.tensor([[7, 8, 9]]))[0, -1], -1).sort(descending=True)
    top_p = (ordered[0] + ordered[1] + 0.5 * ordered[2]).item()
    first = {answer[0] for answer in generate(model, [[7, 8, 9]] * 500, 1, 1.0, top_p, stops=NEVER)}
    assert first == set(ids[:3].tolist())
    greedy = generate(model, some_prompts(3), 8, stops=NEVER)
    assert generate(model, some_prompts(3), 8, temperature=1.0, top_p=1e-9, stops=NEVER) == greedy
    assert generate(model, some_prompts(3), 8, temperature=1e-6, stops=NEVER) == greedy


def test_dropout_is_off_and_the_mode_comes_back(build: Build) -> None:
    model = build(dropout=0.5)
    answers = generate(model, some_prompts(3), 8, stops=END)
    assert model.training
    assert answers == generate(build(), some_prompts(3), 8, stops=END)
    opened = stream(model, [1, 2], 8, stops=NEVER)
    next(opened)
    assert torch.is_grad_enabled()
    opened.close()
    assert model.training


def test_no_prompts_have_no_answers(build: Build) -> None:
    assert generate(build(), [], 8, stops=END) == []


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"max_new_tokens": 96}, "can answer with 1 to 95 tokens"),
        ({"max_new_tokens": 0}, "can answer with 1 to 95 tokens"),
        ({"temperature": -1.0}, "temperature >= 0"),
        ({"top_p": 0.0}, "0 < top_p <= 1"),
        ({"batch_size": 0}, "batch_size >= 1"),
        ({"prompts": [[1], []]}, "Prompt 1 is empty"),
    ],
)
def test_settings_out_of_range_are_refused(build: Build, keywords: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        generate(build(), **{"prompts": [[1]], "max_new_tokens": 4, "stops": END, **keywords})
