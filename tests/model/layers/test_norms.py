from __future__ import annotations

import pytest
import torch
from torch import nn

from aurora.model.layers.norms import RMSNorm, norm_of
from aurora.recipe.model import Architecture

HIDDEN = torch.randn(3, 5, 8, generator=torch.Generator().manual_seed(1)) * 7
WEIGHT = torch.linspace(0.5, 2, 8)


def norm(width: int = 8, from_one: bool = False, weight: torch.Tensor = WEIGHT) -> RMSNorm:
    made = RMSNorm(width, 1e-6, from_one)
    made.weight = nn.Parameter(weight.clone())
    return made


def test_it_brings_the_mean_square_to_one_and_multiplies_with_the_weights() -> None:
    out = norm()(HIDDEN) / WEIGHT
    torch.testing.assert_close(out.square().mean(-1), torch.ones(3, 5), atol=1e-5, rtol=0)
    torch.testing.assert_close(norm()(HIDDEN * 100), norm()(HIDDEN))


def test_weights_from_one_are_what_exceeds_it() -> None:
    torch.testing.assert_close(norm(from_one=True, weight=WEIGHT - 1)(HIDDEN), norm()(HIDDEN))
    rounded = norm(from_one=True, weight=WEIGHT - 1).to(torch.bfloat16)(HIDDEN.bfloat16())
    assert rounded.dtype == torch.bfloat16
    torch.testing.assert_close(rounded.float(), norm()(HIDDEN), atol=0.05, rtol=0.02)


def test_ranks_that_share_the_width_norm_by_all_of_it() -> None:
    total = HIDDEN.square().sum(-1, keepdim=True)
    parts = []
    for own in (slice(0, 3), slice(3, 8)):
        part = norm(8, weight=WEIGHT[own])
        part.total = lambda squares: total
        parts.append(part(HIDDEN[..., own]))
    torch.testing.assert_close(torch.cat(parts, -1), norm()(HIDDEN))


@pytest.mark.parametrize(
    ("kind", "made", "from_one"),
    [("layer", nn.LayerNorm, None), ("rms", RMSNorm, False), ("rms_from_one", RMSNorm, True)],
)
def test_an_architecture_has_the_norm_it_names(kind: str, made: type[nn.Module], from_one: bool | None) -> None:
    shape = {"layers": 1, "width": 8, "heads": 2, "positions": 4, "norm": kind, "norm_epsilon": 0.5}
    found = norm_of(Architecture.model_validate(shape), 6)
    assert type(found) is made
    assert getattr(found, "from_one", None) is from_one
    assert getattr(found, "eps" if kind == "layer" else "epsilon") == 0.5
    assert found.weight.shape == (6,)  # type: ignore[union-attr]
