"""What is expected is computed without the scorer, and a checkpoint is left as it was."""

from __future__ import annotations

import torch

from aurora.evaluation.self_test.lab import TOKENS, Lab, asked, cache, drawn


def test_rows_hold_one_start_and_each_continuation(lab: Lab) -> None:
    for (_, continuation), (ids, first) in zip(lab.pairs, lab.rows, strict=True):
        assert ids[0] == lab.text.start
        assert len(ids) <= lab.positions + 1
        assert lab.text.tokenizer.decode(ids[first:]).endswith(continuation[-4:])


def test_sums_are_log_probabilities(lab: Lab) -> None:
    assert all(total < 0 for total in lab.sums)
    ids, first = lab.rows[0]
    scores = torch.log_softmax(lab.logits(ids), -1)
    assert abs(lab.sums[0] - sum(float(scores[at - 1, ids[at]]) for at in range(first, len(ids)))) < 1e-4


def test_an_answer_is_short_and_the_network_stays_in_training(lab: Lab) -> None:
    lab.network.train()
    assert len(lab.answer) <= TOKENS
    assert lab.network.training


def test_stand_ins_are_small_and_differ(lab: Lab) -> None:
    assert lab.stand_in.num_parameters < lab.network.num_parameters
    assert not torch.equal(lab.stand_in.output_weight, lab.other.output_weight)


def test_requests_and_a_place_that_goes_away(lab: Lab) -> None:
    assert [request.args for request in asked(lab.pairs)] == list(lab.pairs)
    assert len(drawn(3)) == 3
    with cache() as path:
        path.write_text("x")
    assert not path.exists()
