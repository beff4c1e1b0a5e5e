"""Folded multi-query attention beside PyTorch's scaled_dot_product_attention, forward and backward, on CPU.

    python benchmarks/attention.py [--json] [--small]

Both run in turn in one process; the last line of --json is one object with the milliseconds (best of several), their
ratio and the largest difference of the outputs.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable

import torch

from aurora.model.layers.causal_attention import causal_attention, fused_causal_attention
from aurora.recipe.execution import Execution
from aurora.training.process.runtime import prepare
from machine import computes_in_bf16, machine

Attention = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
SHAPES = ((16, 256, 4, 64), (8, 512, 8, 64))  # sequences, tokens, heads, head width
SMALL = ((2, 64, 4, 16),)
MASKED = (2, 2048, 8, 64)
DOCUMENTS = (16, 64, 256, 1024)
REPEATS = 5


def milliseconds(attention: Attention, inputs: list[torch.Tensor]) -> float:
    """Best time of forward and backward."""
    best = float("inf")
    for _ in range(REPEATS):
        begin = time.perf_counter()
        attention(*inputs).sum().backward()
        best = min(best, time.perf_counter() - begin)
    return 1000 * best


def compare_documents(length: int, dtype: torch.dtype) -> dict[str, object]:
    """Attention within documents of `length`: ours by groups of documents, ours without masks, and SDPA with a mask."""
    batch, tokens, heads, width = MASKED
    generator = torch.Generator().manual_seed(0)
    inputs = [
        torch.randn(batch, tokens, count, width, generator=generator).to(dtype).requires_grad_()
        for count in (heads, 1, 1)
    ]
    documents = (torch.arange(tokens) // length).expand(batch, -1)
    causal = milliseconds(causal_attention, inputs)
    ours = milliseconds(lambda *parts: causal_attention(*parts, documents=documents), inputs)
    theirs = milliseconds(lambda *parts: fused_causal_attention(*parts, documents=documents), inputs)
    return {
        "shape": list(MASKED),
        "documents": length,
        "dtype": str(dtype).removeprefix("torch."),
        "by_document_ms": round(ours, 2),
        "unmasked_ms": round(causal, 2),
        "masked_sdpa_ms": round(theirs, 2),
    }


def compare(shape: tuple[int, int, int, int], dtype: torch.dtype) -> dict[str, object]:
    """Both forms on the same multi-query inputs."""
    batch, tokens, heads, width = shape
    generator = torch.Generator().manual_seed(0)
    inputs = [
        torch.randn(batch, tokens, count, width, generator=generator).to(dtype).requires_grad_()
        for count in (heads, 1, 1)
    ]
    difference = (causal_attention(*inputs) - fused_causal_attention(*inputs)).abs().max().item()
    ours, theirs = milliseconds(causal_attention, inputs), milliseconds(fused_causal_attention, inputs)
    return {
        "shape": list(shape),
        "dtype": str(dtype).removeprefix("torch."),
        "folded_ms": round(ours, 2),
        "sdpa_ms": round(theirs, 2),
        "speedup": round(theirs / ours, 2),
        "largest_difference": difference,
    }


def main() -> None:
    """Print a table, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--small", action="store_true", help="short sequences once, to see that the script runs")
    arguments = parser.parse_args()
    runtime = prepare(Execution())
    dtypes = [torch.bfloat16, torch.float32] if computes_in_bf16() else [torch.float32]
    shapes, lengths = (SMALL, DOCUMENTS[:1]) if arguments.small else (SHAPES, DOCUMENTS)
    rows = [compare(shape, dtype) for shape in shapes for dtype in dtypes]
    rows += [compare_documents(length, dtypes[0]) for length in lengths]
    if arguments.json:
        print(json.dumps({"machine": machine(), "threads": runtime.threads, "rows": rows}))
        return
    for row in rows:
        print(", ".join(f"{key} {value}" for key, value in row.items()))


if __name__ == "__main__":
    main()
