"""The kernel runs on accelerators alone; here a plain computation of what its documentation says stands for it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from aurora.model.layers import causal_attention, documents_at_once


def varlen_attn(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    cu_seq_q: Tensor,
    cu_seq_k: Tensor,
    max_q: int,
    max_k: int,
    *,
    window_size: tuple[int, int] = (-1, -1),
    enable_gqa: bool = False,
) -> Tensor:
    """As `torch.nn.attention.varlen` describes it: [tokens, heads, width], borders in int32, a window to each side."""
    assert cu_seq_q.dtype == torch.int32
    assert enable_gqa == (query.shape[1] != key.shape[1])
    assert all(part.is_contiguous() for part in (query, key, value))
    lengths = cu_seq_q.diff()
    assert max_q == max_k == int(lengths.max())
    left, right = window_size
    assert right == 0
    mixed = []
    for start, end in itertools.pairwise(cu_seq_q.tolist()):
        parts = [part[start:end].transpose(0, 1)[None] for part in (query, key, value)]
        visible = torch.ones(end - start, end - start, dtype=torch.bool).tril()
        visible = visible if left < 0 else visible.triu(-left)
        mixed.append(F.scaled_dot_product_attention(*parts, visible, enable_gqa=enable_gqa)[0].transpose(0, 1))
    return torch.cat(mixed)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Puts the plain computation in place of the kernel, for `fused_causal_attention` too; what it was called with."""
    calls: list[Any] = []

    def recorded(*arguments: Any, **settings: Any) -> Tensor:
        calls.append(settings)
        return varlen_attn(*arguments, **settings)

    monkeypatch.setattr(documents_at_once, "varlen_attn", recorded)
    monkeypatch.setattr(causal_attention, "has_kernel", lambda query, dropout: not dropout)
    return calls


def draw(shared: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(3, 90, heads, 8, generator=generator).requires_grad_() for heads in (4, shared, shared)]


DOCUMENTS = torch.stack([torch.arange(90) // 40, (torch.arange(90) >= 5).long(), torch.zeros(90, dtype=torch.long)])


@pytest.mark.parametrize("shared", [1, 2, 4])
@pytest.mark.parametrize(("documents", "window"), [(DOCUMENTS, None), (DOCUMENTS, 7), (None, 7), (DOCUMENTS, 1)])
def test_it_is_what_a_cpu_computes_document_by_document(
    kernel: list[Any], shared: int, documents: Tensor | None, window: int | None
) -> None:
    inputs = draw(shared)
    expected = causal_attention.causal_attention(*inputs, documents=documents, window=window)
    assert not kernel
    found = causal_attention.fused_causal_attention(*inputs, documents=documents, window=window)
    assert len(kernel) == 1
    torch.testing.assert_close(found, expected)
    weights = torch.randn(found.shape, generator=torch.Generator().manual_seed(2))
    both = (torch.autograd.grad((mixed * weights).sum(), inputs) for mixed in (found, expected))
    for mine, other in zip(*both, strict=True):
        torch.testing.assert_close(mine, other)


def test_a_mask_is_left_where_there_is_no_kernel(kernel: list[Any]) -> None:
    inputs = draw(2)
    causal_attention.fused_causal_attention(*inputs)  # neither documents nor a window: nothing to hide
    causal_attention.fused_causal_attention(*inputs, 0.5, DOCUMENTS)
    assert not kernel
    assert not documents_at_once.has_kernel(inputs[0], 0.0)  # on a CPU


def test_borders_are_found_once_for_all_layers() -> None:
    documents = DOCUMENTS.clone()
    borders, longest = documents_at_once.borders_of(documents)
    assert borders.tolist() == [0, 40, 80, 90, 95, 180, 270]
    assert longest == 90
    assert documents_at_once.borders_of(documents)[0] is borders
    assert documents_at_once.borders_of(documents.clone())[0] is not borders
    held = len(documents_at_once._borders)
    del documents
    assert len(documents_at_once._borders) < held
