"""A cached answer belongs to one model, one text and one request."""

from __future__ import annotations

from dataclasses import replace

import torch

from aurora.evaluation.scorer.responses import identity, keys_of, tokenizer_hash, weights_hash
from aurora.model.network import Network
from byte_text import of_bytes


def test_every_weight_and_its_type_counts(network: Network) -> None:
    known = weights_hash(network)
    assert weights_hash(network) == known
    with torch.no_grad():
        for parameter in network.parameters():
            before = parameter.flatten()[-1].clone()
            parameter.flatten()[-1] += 1e-3
            assert weights_hash(network) != known
            parameter.flatten()[-1] = before
    assert weights_hash(network) == known
    assert weights_hash(network.to(torch.bfloat16)) != known


def test_every_fact_of_a_text_counts() -> None:
    text = of_bytes()
    others = [replace(text, **{name: value}) for name, value in (("start", 5), ("template", "x"), ("started", True))]
    assert len({tokenizer_hash(one) for one in (text, *others)}) == 4


def test_a_key_holds_the_model_the_kind_and_the_request(network: Network) -> None:
    who = identity(network, of_bytes())
    assert {"weights", "tokenizer", "dtype", "aurora"} <= set(who)
    keys = keys_of(who, "answer", [[[1], "x"], [[1], "y"], [[1, 0], "x"], [[257], "x"], [[0, 1], "x"], [(), "x"]])
    assert keys[0] == keys_of(who, "answer", [[(1,), "x"]])[0]
    others = [*keys_of(who, "other", [[[1], "x"]]), *keys_of({**who, "dtype": "x"}, "answer", [[[1], "x"]])]
    assert len({*keys, *others}) == 8


def test_what_chooses_the_kernels_counts(network: Network) -> None:
    before, precision = identity(network, of_bytes()), torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("medium" if precision != "medium" else "high")
        assert identity(network, of_bytes()) != before
    finally:
        torch.set_float32_matmul_precision(precision)
    assert identity(network, of_bytes()) == before
