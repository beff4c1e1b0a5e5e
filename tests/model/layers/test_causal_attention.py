from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from aurora.model.layers import causal_attention as attention
from aurora.model.layers.causal_attention import (
    KeyValueCache,
    cached_attention,
    causal_attention,
    fused_causal_attention,
)
from aurora.recipe.model import Architecture

WIDTH = 8


def draw(batch: int, num_tokens: int, heads: int, shared: int, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    query, key, value = (
        torch.randn(batch, num_tokens, count, WIDTH, generator=generator) for count in (heads, shared, shared)
    )
    return query, key, value


def gradients(inputs: tuple[Tensor, ...], output: Tensor) -> tuple[Tensor, ...]:
    weight = torch.randn(output.shape, generator=torch.Generator().manual_seed(9)).to(output.dtype)
    return torch.autograd.grad((output * weight).sum(), inputs)


@settings(deadline=None, max_examples=25)
@given(
    batch=st.integers(1, 3),
    num_tokens=st.sampled_from([1, 2, 63, 64, 65, 128, 150]),
    heads=st.sampled_from([1, 2, 4]),
    sharing=st.sampled_from([1, 2, 4]),
)
def test_folded_attention_equals_the_fused_kernel(batch: int, num_tokens: int, heads: int, sharing: int) -> None:
    inputs = tuple(part.requires_grad_() for part in draw(batch, num_tokens, heads, max(1, heads // sharing)))
    folded, fused = causal_attention(*inputs), fused_causal_attention(*inputs)
    torch.testing.assert_close(folded, fused, atol=2e-6, rtol=1e-5)
    for ours, theirs in zip(gradients(inputs, folded), gradients(inputs, fused), strict=True):
        torch.testing.assert_close(ours, theirs, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("window", [1, 2, 63, 64, 65, 100, 200])
@pytest.mark.parametrize("shared", [1, 2, 4])
def test_a_window_hides_what_lies_behind_it(window: int, shared: int) -> None:
    inputs = tuple(part.requires_grad_() for part in draw(2, 150, 4, shared))
    places = torch.arange(150)
    visible = (places[:, None] >= places) & (places[:, None] - places < window)
    documents = (places >= 70).long().expand(2, -1)
    for numbers in (None, documents):
        seen = visible if numbers is None else visible & (numbers[0, :, None] == numbers[0])
        query, key, value = (part.transpose(1, 2) for part in inputs)
        expected = torch.nn.functional.scaled_dot_product_attention(query, key, value, seen, enable_gqa=True)
        expected = expected.transpose(1, 2)
        right = gradients(inputs, expected)
        for attend in (causal_attention, fused_causal_attention):
            mixed = attend(*inputs, documents=numbers, window=window)
            torch.testing.assert_close(mixed, expected, atol=2e-6, rtol=1e-5)
            for ours, theirs in zip(gradients(inputs, mixed), right, strict=True):
                torch.testing.assert_close(ours, theirs, atol=2e-5, rtol=1e-4)


def test_gradients_equal_numeric_ones() -> None:
    for shared in (1, 4):
        inputs = tuple(part.double().requires_grad_() for part in draw(1, 6, 4, shared))
        assert torch.autograd.gradcheck(causal_attention, inputs)


def test_bf16_stays_near_fp32() -> None:
    exact = tuple(part.requires_grad_() for part in draw(2, 150, 4, 1))
    rounded = tuple(part.detach().bfloat16().requires_grad_() for part in exact)
    output = causal_attention(*rounded)
    assert output.dtype == torch.bfloat16
    torch.testing.assert_close(output.float(), causal_attention(*exact), atol=0.05, rtol=0.05)
    for ours, theirs in zip(gradients(rounded, output), gradients(exact, causal_attention(*exact)), strict=True):
        assert (ours.float() - theirs).norm() / theirs.norm() < 0.02


def test_no_position_sees_a_later_one() -> None:
    query, key, value = draw(1, 100, 4, 1)
    before = causal_attention(query, key, value)
    key[:, 70:] += 5.0
    value[:, 70:] += 5.0
    after = causal_attention(query, key, value)
    assert torch.equal(before[:, :70], after[:, :70])
    assert not torch.allclose(before[:, 70:], after[:, 70:])


def test_long_sequences_and_dropped_weights_take_the_fused_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[float] = []

    def fused(
        query: Tensor, key: Tensor, value: Tensor, dropout: float, documents: Tensor | None, window: int | None
    ) -> Tensor:
        calls.append(dropout)
        return query

    monkeypatch.setattr(attention, "fused_causal_attention", fused)
    monkeypatch.setattr(attention, "LONGEST_FOLDED", 20)
    causal_attention(*draw(1, 20, 2, 1))
    causal_attention(*draw(1, 21, 2, 1))
    causal_attention(*draw(1, 5, 2, 1), 0.5)
    assert calls == [0.0, 0.5]


@pytest.mark.parametrize("shared", [1, 4])
def test_documents_attend_within_themselves_alone(shared: int) -> None:
    """As if each were computed by itself, forward and backward, folded and fused, also across blocks of queries."""
    query, key, value = (part.requires_grad_() for part in draw(3, 150, 4, shared))
    places = torch.arange(150)
    documents = torch.stack([places // 70, (places >= 5).long(), places // 9])
    apart = torch.cat(
        [
            torch.cat([causal_attention(*(part[row : row + 1, keep] for part in (query, key, value)))], 1)
            for row in range(3)
            for keep in (documents[row] == number for number in documents[row].unique())
        ],
        1,
    )
    weights = torch.randn(apart.shape, generator=torch.Generator().manual_seed(1))
    expected = torch.autograd.grad((apart * weights).sum(), (query, key, value))
    for attend in (causal_attention, attention.fused_causal_attention):
        mixed = attend(query, key, value, documents=documents)
        together = torch.cat([mixed[:1], mixed[1:2], mixed[2:]], 1)
        torch.testing.assert_close(together, apart)
        for mine, other in zip(
            torch.autograd.grad((together * weights).sum(), (query, key, value)), expected, strict=True
        ):
            torch.testing.assert_close(mine, other)


@given(st.lists(st.lists(st.integers(1, 90), min_size=1, max_size=30), min_size=1, max_size=3))
@settings(deadline=None)
def test_every_document_has_slots_of_its_own_in_a_group_of_its_length(sizes: list[list[int]]) -> None:
    """Its tokens follow one another from the beginning of its room, and behind them is nothing."""
    length = max(map(sum, sizes))
    rows = [torch.repeat_interleave(torch.arange(len(row)), torch.tensor(row)) for row in sizes]
    documents = torch.stack([torch.cat([row, torch.full((length - len(row),), 99)]) for row in rows])
    token_of, slot_of, groups = attention._slots(documents)
    assert torch.equal(token_of[slot_of], torch.arange(documents.numel()))
    found = []
    for room in (part for count, size in groups for part in [size] * count):
        held, token_of = token_of[:room], token_of[room:]
        tokens = held[held >= 0].tolist()
        assert held[: len(tokens)].tolist() == tokens == list(range(tokens[0], tokens[0] + len(tokens)))
        assert room < 2 * max(len(tokens), 8) or room - len(tokens) < attention.QUERY_BLOCK
        found.append((tokens[0], len(tokens)))
    assert not len(token_of)
    assert len({size for _, size in groups}) == len(groups)
    starts = [row * length + start for row, part in enumerate(sizes) for start in (0, *itertools.accumulate(part))]
    borders = sorted({start for start in starts if start < documents.numel()} | {documents.numel()})
    assert sorted(found) == [(start, end - start) for start, end in itertools.pairwise(borders)]


def test_what_fills_up_a_document_adds_nothing_to_its_gradients() -> None:
    """17 tokens fill 32 slots: their gradients are those of a call without any."""
    query, key, value = (part.double().requires_grad_() for part in draw(1, 17, 4, 1))
    one = torch.zeros(1, 17, dtype=torch.long)
    plain = torch.autograd.grad(causal_attention(query, key, value).square().sum(), (query, key, value))
    filled = torch.autograd.grad(causal_attention(query, key, value, documents=one).square().sum(), (query, key, value))
    for mine, other in zip(filled, plain, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-6, atol=1e-6)


def test_a_second_derivative_is_refused() -> None:
    inputs = tuple(part.requires_grad_() for part in draw(1, 4, 2, 1))
    (first,) = torch.autograd.grad(causal_attention(*inputs).sum(), inputs[:1], create_graph=True)
    with pytest.raises(RuntimeError, match=r"differentiate twice|does not require grad"):
        torch.autograd.grad(first.sum(), inputs[:1])


@pytest.mark.parametrize("shared", [1, 2, 4])
def test_cached_attention_equals_causal(shared: int) -> None:
    architecture = Architecture(layers=1, width=4 * WIDTH, heads=4, positions=64, key_value_heads=shared)
    cache = KeyValueCache(architecture, 2, 40, torch.device("cpu"), torch.float32)
    query, key, value = draw(2, 30, 4, shared)
    cache.layers[0].write(torch.arange(25), key[:, :25], value[:, :25])
    positions = torch.tensor([[25, 26], [20, 21]])  # each sequence stands elsewhere
    rows = torch.arange(2)[:, None]
    cache.layers[0].write(positions, key[rows, positions], value[rows, positions])
    visible = torch.arange(27) <= positions[:, :, None]
    mixed = cached_attention(query[rows, positions], *cache.layers[0].read(27), visible)
    torch.testing.assert_close(mixed, causal_attention(query, key, value)[rows, positions], atol=2e-6, rtol=1e-5)


def test_a_cache_keeps_the_rows_it_is_told() -> None:
    cache = KeyValueCache(
        Architecture(layers=2, width=16, heads=2, positions=8), 3, 8, torch.device("cpu"), torch.float32
    )
    _, key, value = draw(3, 8, 2, 1)
    cache.layers[1].write(torch.arange(8), key, value)
    cache.keep(torch.tensor([2, 0]))
    keys, values = cache.layers[1].read(8)
    assert torch.equal(keys, key[[2, 0]].transpose(1, 2))
    assert torch.equal(values, value[[2, 0]].transpose(1, 2))
