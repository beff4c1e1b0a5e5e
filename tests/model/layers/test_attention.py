from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from aurora.model.layers.attention import Attention
from aurora.model.layers.causal_attention import KeyValueCache
from aurora.model.layers.rotary import turns_at
from aurora.recipe.model import Architecture, Rotary

HEADS, WIDTH = 4, 16
HIDDEN = torch.randn(2, 10, WIDTH, generator=torch.Generator().manual_seed(1))
POSITIONS = torch.arange(10)


def shape(**changes: Any) -> Architecture:
    return Architecture.model_validate({"layers": 1, "width": WIDTH, "heads": HEADS, "positions": 32, **changes})


def attention(window: int | None = None, joined: bool = False, **changes: Any) -> Attention:
    torch.manual_seed(2)
    made = Attention(shape(**changes), joined, window)
    for name, parameter in made.named_parameters():
        if "norm" in name:
            nn.init.ones_(parameter)
    return made


def parts_of(layer: Attention, kind: str) -> tuple[Tensor, ...]:
    return tuple(getattr(getattr(layer, part), kind).detach() for part in ("query", "key", "value"))


@pytest.mark.parametrize("key_value_heads", [1, HEADS])
def test_one_joined_layer_is_three_in_the_order_of_the_hub(key_value_heads: int) -> None:
    apart = attention(key_value_heads=key_value_heads)
    together = attention(joined=True, key_value_heads=key_value_heads)
    assert together.joined is not None
    for kind in ("weight", "bias"):
        parts = parts_of(apart, kind)
        if key_value_heads > 1:  # query, key and value of the first head, then of the second
            joined = torch.cat([torch.cat(heads) for heads in zip(*(part.chunk(HEADS) for part in parts), strict=True)])
        else:
            joined = torch.cat(parts)
        setattr(together.joined, kind, nn.Parameter(joined))
    together.output = apart.output
    torch.testing.assert_close(together(HIDDEN, POSITIONS), apart(HIDDEN, POSITIONS))


def test_query_heads_that_share_a_key_see_what_copies_of_it_would_show() -> None:
    shared, copied = attention(key_value_heads=2), attention(key_value_heads=HEADS)
    copied.load_state_dict(
        {
            name: value.view(2, -1, *value.shape[1:]).repeat_interleave(2, 0).view(-1, *value.shape[1:])
            if name.startswith(("key", "value"))
            else value
            for name, value in shared.state_dict().items()
        }
    )
    torch.testing.assert_close(shared(HIDDEN, POSITIONS), copied(HIDDEN, POSITIONS))


def test_no_position_sees_a_later_one_or_another_document() -> None:
    layer = attention()
    whole = layer(HIDDEN, POSITIONS)
    torch.testing.assert_close(layer(HIDDEN[:, :6], POSITIONS[:6]), whole[:, :6])
    documents = (POSITIONS >= 4).long().expand(2, -1)
    torch.testing.assert_close(
        layer(HIDDEN, POSITIONS, documents=documents),
        torch.cat([layer(HIDDEN[:, :4], POSITIONS[:4]), layer(HIDDEN[:, 4:], POSITIONS[:6])], 1),
    )


@pytest.mark.parametrize("window", [None, 3])
@pytest.mark.parametrize("rotary", [False, True])
def test_token_by_token_from_a_cache_is_the_whole_at_once(window: int | None, rotary: bool) -> None:
    layer = attention(window)
    cache = KeyValueCache(shape(), 2, 10, torch.device("cpu"), torch.float32).layers[0]
    turns = turns_at(POSITIONS, Rotary(), layer.head_width, torch.float32) if rotary else None
    found = []
    for token in range(10):
        here = POSITIONS[token : token + 1].expand(2, -1)
        turn = None if turns is None else (turns[0][token : token + 1], turns[1][token : token + 1])
        visible = torch.ones(2, 1, token + 1, dtype=torch.bool)
        found.append(layer(HIDDEN[:, token : token + 1], here, turn, cache, visible))
    torch.testing.assert_close(torch.cat(found, 1), layer(HIDDEN, POSITIONS, turns), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("head_norm", ["head", "all"])
def test_norms_on_query_and_key_make_attention_blind_to_their_size(head_norm: str) -> None:
    layer = attention(head_norm=head_norm, biases=[], norm="rms", norm_epsilon=1e-12)
    torch.testing.assert_close(layer(HIDDEN * 10, POSITIONS), layer(HIDDEN, POSITIONS) * 10, atol=1e-5, rtol=1e-4)
    plain = attention(biases=[])
    assert not torch.allclose(plain(HIDDEN * 10, POSITIONS), plain(HIDDEN, POSITIONS) * 10, atol=1e-2)


def test_another_attention_width_divides_by_its_root() -> None:
    wide, plain = attention(attention_width=WIDTH), attention()  # heads are 4 wide, so products are halved
    with torch.no_grad():
        plain.query.weight /= 2
        plain.query.bias /= 2
    torch.testing.assert_close(wide(HIDDEN, POSITIONS), plain(HIDDEN, POSITIONS))


def test_computing_it_again_in_the_backward_pass_changes_no_gradient() -> None:
    gradients = []
    for recompute in (False, True):
        layer = attention()
        layer.recompute = recompute
        layer(HIDDEN, POSITIONS).square().sum().backward()
        gradients.append({name: parameter.grad for name, parameter in layer.named_parameters()})
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], gradient)
