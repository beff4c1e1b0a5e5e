"""Answers beside those of plain greedy decoding, whatever is written at the same time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from aurora.evaluation.scorer.stopping import Ending
from aurora.evaluation.scorer.writing import Prompt, Sampling, write_answers
from aurora.model.network import Network
from byte_text import of_bytes

Build = Callable[..., Network]

TEXT = of_bytes()


def prompts(count: int, longest: int = 12, shared: int = 0, **settings: object) -> list[Prompt]:
    generator = torch.Generator().manual_seed(8)

    def drawn(length: int) -> list[int]:
        return torch.randint(1, 257, (length,), generator=generator).tolist()

    begun = drawn(shared)
    lengths = torch.randint(1, 40, (count,), generator=generator).tolist()
    return [
        Prompt([*begun, *drawn(length)], Ending(TEXT.tokenizer, frozenset(STOPS), (), 1 + number % longest), **settings)  # type: ignore[arg-type]
        for number, length in enumerate(lengths)
    ]


STOPS = range(1, 20)  # many, so that answers end early and at different times


@torch.no_grad()
def plain(model: Network, prompt: Prompt) -> list[int]:
    """Greedy decoding without a cache: the whole sequence again for every token."""
    ids: list[int] = []
    while len(ids) < prompt.ending.longest:
        token = int(model(torch.tensor([[*prompt.ids, *ids]]))[0, -1].argmax())
        if token in prompt.ending.stops:
            break
        ids.append(token)
    return ids


@pytest.mark.parametrize("rows", [1, 3, 64])
@pytest.mark.parametrize("kind", ["multi-query", "grouped-rotary", "window"])
@pytest.mark.parametrize("shared", [0, 20])
def test_an_answer_is_what_plain_decoding_gives(build: Build, kind: str, rows: int, shared: int) -> None:
    model, asked = build(kind), prompts(17, shared=shared)
    write_answers(model, asked, rows)
    assert [prompt.ending.ids for prompt in asked] == [plain(model, prompt) for prompt in asked]


def test_prompts_that_are_longer_than_a_segment(monkeypatch: pytest.MonkeyPatch, network: Network) -> None:
    monkeypatch.setattr("aurora.evaluation.scorer.writing.LONGEST", 6)
    asked = prompts(9, shared=20)
    write_answers(network, asked, 4)
    assert [prompt.ending.ids for prompt in asked] == [plain(network, prompt) for prompt in asked]


def test_equal_prompts_and_one_that_begins_another(network: Network) -> None:
    begun = list(range(30, 50))
    asked = [Prompt(list(ids), Ending(TEXT.tokenizer, frozenset(), (), 5)) for ids in (begun, begun, [*begun, 7, 8])]
    write_answers(network, asked)
    assert [prompt.ending.ids for prompt in asked] == [plain(network, prompt) for prompt in asked]


def test_a_group_that_begins_alike_is_written_by_itself(network: Network) -> None:
    asked = [*prompts(30, 2, shared=40), *prompts(5, 2)]
    finished: list[Prompt] = []
    write_answers(network, asked, 2, finished.append)
    assert sorted(map(id, finished)) == sorted(map(id, asked))
    assert [prompt.ending.ids for prompt in asked] == [plain(network, prompt) for prompt in asked]


def test_what_is_drawn_depends_on_its_seed_alone(network: Network) -> None:
    def drawn(seeds: list[str], rows: int) -> dict[str, list[int]]:
        asked = [
            Prompt([40, 41, 42], Ending(TEXT.tokenizer, frozenset(), (), 8), Sampling(0.9, 0.95), seed)
            for seed in seeds
        ]
        write_answers(network, asked, rows)
        return {prompt.seed: prompt.ending.ids for prompt in asked}

    seeds = [f"seed {number}" for number in range(9)]
    together = drawn(seeds, 4)
    assert drawn(seeds[::-1], 64) == together
    assert len({tuple(ids) for ids in together.values()}) == len(seeds)  # samples of one prompt are not one
