"""Generating text: batches of prompts with a key-value cache, greedy or sampled.

One decision: every sequence of a batch starts at position 0, with its padding after it. The causal mask then hides
padding by itself, positions need no shift, and a prompt's greedy answer does not depend on the others in its batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import repeat

import torch
from torch import Tensor

from aurora.errors import UserError
from aurora.model.layers.causal_attention import KeyValueCache
from aurora.model.network import Network


def generate(
    model: Network,
    prompts: Sequence[Sequence[int]],
    max_new_tokens: int,
    temperature: float = 0.0,
    top_p: float = 1.0,
    seed: int = 0,
    *,
    stops: Sequence[int],
    batch_size: int = 64,
) -> list[list[int]]:
    """The answer to each of `prompts` (token ids): at most `max_new_tokens` ids, up to but without one of `stops`.

    `temperature` 0 is greedy; otherwise ids are drawn from the most likely ones that together have the probability
    `top_p`, the same for the same `seed` whatever the `batch_size`. A prompt too long for the model's positions loses
    its beginning. Raises `UserError` for an empty prompt or a setting out of its range.
    """
    _check(model, prompts, max_new_tokens, temperature, top_p, batch_size)
    chances = torch.rand(
        len(prompts), max_new_tokens, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )
    answers: list[list[int]] = [[] for _ in prompts]
    # Prompts of about one length share a batch, so little of it is padding, and the largest batch comes first.
    longest_first = sorted(range(len(prompts)), key=lambda number: -len(prompts[number]))
    for start in range(0, len(prompts), batch_size):
        batch = longest_first[start : start + batch_size]
        choose = _chooser(temperature, top_p, chances[batch])
        for step in _steps(model, [prompts[number] for number in batch], max_new_tokens, choose, stops):
            for row, token in step:
                answers[batch[row]].append(token)
    return answers


def stream(
    model: Network,
    prompt: Sequence[int],
    max_new_tokens: int,
    temperature: float = 0.0,
    top_p: float = 1.0,
    seed: int = 0,
    *,
    stops: Sequence[int],
) -> Iterator[int]:
    """`generate` for one prompt, giving each id as soon as it is known."""
    _check(model, [prompt], max_new_tokens, temperature, top_p, 1)
    chances = torch.rand(1, max_new_tokens, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    for step in _steps(model, [prompt], max_new_tokens, _chooser(temperature, top_p, chances), stops):
        for _, token in step:
            yield token


def _check(
    model: Network,
    prompts: Sequence[Sequence[int]],
    max_new_tokens: int,
    temperature: float,
    top_p: float,
    batch_size: int,
) -> None:
    positions = model.architecture.positions
    if not 1 <= max_new_tokens < positions:
        raise UserError(f"max_new_tokens is {max_new_tokens}; this model can answer with 1 to {positions - 1} tokens.")
    if temperature < 0 or not 0 < top_p <= 1 or batch_size < 1:
        raise UserError(
            f"temperature {temperature}, top_p {top_p}, batch_size {batch_size}: "
            "give temperature >= 0, 0 < top_p <= 1 and batch_size >= 1."
        )
    for number, prompt in enumerate(prompts):
        if not prompt:
            raise UserError(f"Prompt {number} is empty: give at least one token, such as the one that starts a text.")


@torch.no_grad()
def _steps(
    model: Network,
    prompts: Sequence[Sequence[int]],
    max_new_tokens: int,
    choose: Callable[[Tensor, Tensor, int], Tensor],
    stops: Sequence[int],
) -> Iterator[list[tuple[int, int]]]:
    """For each new token: (row of `prompts`, id) of every answer that goes on."""
    weight = model.output_weight
    room = model.architecture.positions - max_new_tokens
    prompts = [prompt[-room:] for prompt in prompts]
    lengths = torch.tensor([len(prompt) for prompt in prompts], device=weight.device)
    longest = max(len(prompt) for prompt in prompts)
    # Any id will do as padding: nothing that is read sees it.
    padded = [[*prompt, *repeat(prompt[-1], longest - len(prompt))] for prompt in prompts]
    cache = KeyValueCache(model.architecture, len(prompts), longest + max_new_tokens, weight.device, weight.dtype)
    rows = torch.arange(len(prompts), device=weight.device)  # the prompt that each row of the batch answers
    alive = torch.ones_like(rows, dtype=torch.bool)
    ends = torch.tensor(list(stops), device=weight.device, dtype=torch.long)
    was_training = model.training
    model.eval()
    try:
        hidden = model.hidden(torch.tensor(padded, device=weight.device), cache=cache)[rows, lengths - 1]
        for number in range(max_new_tokens):
            tokens = choose(model.logits(hidden), rows, number)
            alive = alive & ~torch.isin(tokens, ends)
            yield list(zip(rows[alive].tolist(), tokens[alive].tolist(), strict=True))
            if number + 1 == max_new_tokens or not alive.any():
                return
            if 2 * int(alive.sum()) <= len(rows):  # carrying a few finished answers costs less than copying the cache
                kept = alive.nonzero()[:, 0]
                cache.keep(kept)
                rows, tokens, lengths, alive = rows[kept], tokens[kept], lengths[kept], alive[kept]
            hidden = model.hidden(tokens[:, None], (lengths + number)[:, None], cache)[:, 0]
    finally:
        model.train(was_training)


def _chooser(temperature: float, top_p: float, chances: Tensor) -> Callable[[Tensor, Tensor, int], Tensor]:
    """A function (logits [B, V], rows [B], number of the new token) -> ids [B].

    `chances` [prompts, tokens] holds a uniform number for every choice, drawn beforehand, so that a choice does not
    depend on which prompts share a batch.
    """

    def greedy(logits: Tensor, rows: Tensor, number: int) -> Tensor:
        return logits.argmax(-1)

    def draw(logits: Tensor, rows: Tensor, number: int) -> Tensor:
        return drawn(logits, chances.to(logits.device)[rows, number], temperature, top_p)

    return draw if temperature else greedy


def drawn(logits: Tensor, chances: Tensor, temperature: float, top_p: float = 1.0, top_k: int = 0) -> Tensor:
    """Ids [B] drawn by `logits` [B, V] with a uniform number `chances` [B] for each.

    They come from the most likely ones that together have the probability `top_p`, of the `top_k` likeliest if not 0.
    """
    # In fp64: near 1, the running sum in fp32 would lose every token less likely than 1 in 17 million.
    likely, ids = torch.softmax(logits.double() / temperature, dim=-1).sort(dim=-1, descending=True, stable=True)
    if top_k:
        likely = likely[:, :top_k] / likely[:, :top_k].sum(-1, keepdim=True)
    reached = likely.cumsum(-1)
    num_kept = (reached - likely < top_p).sum(-1, keepdim=True)  # the smallest set that holds top_p
    total = reached.gather(-1, num_kept - 1)
    picked = torch.searchsorted(reached, chances[:, None] * total, right=True).minimum(num_kept - 1)
    return ids.gather(-1, picked)[:, 0]
