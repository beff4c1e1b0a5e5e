"""What holds of any model and its scores, cheap to look at first.

One decision: an invariant is a function that says what is wrong, or nothing; none knows of any mutant.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from lm_eval.api.instance import Instance

from aurora.corpus.conversation import USER
from aurora.evaluation.scorer import answering, requests
from aurora.evaluation.scorer.likelihoods import evaluating
from aurora.evaluation.scorer.passes import Pass, run
from aurora.evaluation.scorer.slots import Slots
from aurora.evaluation.scorer.stopping import Ending
from aurora.evaluation.scorer.tree import Segment
from aurora.evaluation.self_test.lab import TOKENS, Lab, asked, cache, drawn
from aurora.evaluation.statistics.estimates import estimate
from aurora.evaluation.tasks.answers import number, question
from aurora.model.network import Network
from aurora.tokens.text.formats import Format

Invariant = Callable[[Lab], str]
ITEMS, RANKS = 7, (1, 2, 3, 5)
NEAR = 2e-4  # relative, and absolute below 1


def every_token_counts_once(lab: Lab) -> str:
    """A continuation's tokens, all and no others, after one start and as much context as is read."""
    if requests.common((1, 2, 3), (1, 4)) != 1:
        return "a token that spans the join of context and continuation is lost"
    for pair, found, (ids, first) in zip(lab.pairs, lab.model().encoder.pairs(lab.pairs), lab.rows, strict=True):
        if [(list(row.ids), row.first) for row in found] != [(ids, first)]:
            return f"{pair[0][-12:]!r} + {pair[1][:12]!r} is read or counted otherwise than its whole text"
    return ""


def a_conversation_is_written_once(lab: Lab) -> str:
    """A prompt in the model's chat format is what the model was trained on."""
    lm = lab.model()
    context = lm.apply_chat_template([{"role": USER, "content": "Which river?"}])
    expected = Format(lab.text).prompt("Which river?")
    lm.encoder.positions = 2 * len(expected)
    same = lm.encoder.prompts([context], [1]) == [expected]
    return "" if same else "a conversation is written otherwise than in training"


def ranks_share_all_items(lab: Lab) -> str:
    """Each of seven items is one rank's, whatever their number."""
    for ranks in RANKS:
        parts = answering.shares(range(ITEMS), [3 * item for item in range(ITEMS)], ranks)
        if sorted(item for part in parts for item in part) != list(range(ITEMS)):
            return f"{ranks} ranks do not compute each of {ITEMS} items once"
    return ""


def errors_are_of_the_items(lab: Lab) -> str:
    """A rate between 0 and 1 has an error, a single item an interval, and clusters a larger error than their items."""
    apart, together = estimate([0.0, 1.0] * 20), estimate([0.0] * 20 + [1.0] * 20, [item // 10 for item in range(40)])
    if not apart.error > 0 or not apart.low < apart.mean < apart.high:
        return "a rate between 0 and 1 has no error"
    if not together.error > 1.5 * apart.error:
        return "items of one document count as independent"
    one = estimate([1.0])
    return "" if math.isfinite(one.low) and one.low < 1 else "a single item has no interval"


def right_answers_are_found(lab: Lab) -> str:
    """What is right scores 1 by the way that a model's answers take."""
    maths = number({"answers": ["18"]}, ["16 - 3 - 4 = 9, and 9 * 2 = 18\n#### 18"])["exact_match"]
    asked_for = question({"answers": ["लाल किला"], "lang": "hi"}, [" लाल किला।\n"])["exact_match"]
    return "" if maths == asked_for == 1 else "a right answer is not found"


def kept_answers_are_the_models_own(lab: Lab) -> str:
    """Another model, examples, continuation, setting or seed and a second sample never meet a kept answer."""
    choices = [(lab.shared, " it is"), (f"Two is two.\n\n{lab.shared}", " it is"), (f"{lab.shared} it", " is")]
    written = [Instance("generate_until", {}, (lab.shared, {"max_gen_toks": most, "until": []}), 0) for most in (1, 8)]
    with cache() as path:
        mine, plain = lab.model(stand_in=True, cache=path), lab.model(stand_in=True)
        mine.encoder.positions = plain.encoder.positions = 2 * lab.positions
        found = [mine.loglikelihood(asked([choice]))[0] for choice in choices]
        expected = [plain.loglikelihood(asked([choice]))[0] for choice in choices]
        if _compared([total for total, _ in found], [total for total, _ in expected], "other"):
            return "other examples, or another continuation, met a kept answer"
        if [mine.generate_until([one]) for one in written] != [plain.generate_until([one]) for one in written]:
            return "another setting met a kept answer"
        samples = mine.generate_until(drawn(3))
        if len(set(samples)) < 3 or mine.generate_until(drawn(3)) != samples:
            return "samples of one prompt are one, or others when they are read again"
        other_seed = lab.model(stand_in=True, cache=path, seed=1)
        other_seed.encoder.positions = 2 * lab.positions
        if other_seed.generate_until(drawn(3)) == samples:
            return "another seed met kept answers"
        mine.network = lab.other
        if mine.loglikelihood(asked(choices[:1]))[0] == found[0]:
            return "another model met a kept answer"
    return ""


def sums_are_those_of_whole_texts(lab: Lab) -> str:
    """Log-likelihoods, in the order asked, beside plain passes over each whole text."""
    found = [total for total, _ in lab.model().loglikelihood(asked(lab.pairs))]
    return _compared(found, lab.sums, "a log-likelihood is not that of its whole text")


def neither_batch_nor_order_moves_a_score(lab: Lab) -> str:
    """One at a time and the other way round."""
    found = [total for total, _ in lab.model(batch_size=1).loglikelihood(asked(lab.pairs[::-1]))][::-1]
    return _compared(found, lab.sums, "a score moves with batch or order")


def a_step_goes_on_from_all_before_it(lab: Lab) -> str:
    """A new token's scores, from kept keys and values, beside those of the whole text."""
    ids, model = lab.rows[0][0][: lab.positions], lab.network
    with evaluating(model):
        (row, done), slots = _read(model, ids[:-1]), Slots(model, 1, len(ids), [])
        slots.fill(0, done, row, 0, len(ids) - 1)
        found = slots.step(ids[-1:], [len(ids) - 1])[0]
    expected = lab.logits(ids)[-1]
    far = bool((found - expected).abs().max() > NEAR * max(1.0, float(expected.abs().max())))
    return "an answer goes on from other tokens than its prompt's" if far else ""


def _read(model: Network, ids: Sequence[int]) -> tuple[int, Pass]:
    piece = Segment(0, tuple(ids), None)
    done = run(model, [piece], [], keep=True)[1]
    return done.rows[piece][0], done


def answers_are_those_of_plain_decoding(lab: Lab) -> str:
    """Greedy, token by token."""
    plain = str(lab.text.tokenizer.decode(lab.answer, skip_special_tokens=True))
    request = Instance("generate_until", {}, (lab.shared, {"max_gen_toks": TOKENS, "until": []}), 0)
    return "" if lab.model().generate_until([request]) == [plain] else "an answer is not that of plain greedy decoding"


def answers_end_at_a_stop(lab: Lab) -> str:
    """At a text wherever tokens cut it, and at an id; what is given out ends before it."""
    ids = lab.text.encode("one, two, three")
    at_text, at_id = (Ending(lab.text.tokenizer, frozenset(lab.text.stops), until, 99) for until in (("tw",), ()))
    read = next((number for number, token in enumerate(ids, 1) if at_text.ends(token)), len(ids))
    if at_text.text.strip() != "one," or (len(ids) > 3 and read == len(ids)):
        return "an answer goes on behind its stop text"
    ended = [at_id.ends(token) for token in (*ids, lab.text.stops[0])]
    return "" if ended.index(True) == len(ids) else "an answer does not end at the id that ends it"


INVARIANTS: tuple[Invariant, ...] = (
    every_token_counts_once,
    a_conversation_is_written_once,
    ranks_share_all_items,
    errors_are_of_the_items,
    right_answers_are_found,
    sums_are_those_of_whole_texts,
    kept_answers_are_the_models_own,
    neither_batch_nor_order_moves_a_score,
    a_step_goes_on_from_all_before_it,
    answers_are_those_of_plain_decoding,
    answers_end_at_a_stop,
)


def _compared(found: Sequence[float], expected: Sequence[float], problem: str) -> str:
    far = any(_far(one, other) for one, other in zip(found, expected, strict=True))
    return problem if len(found) != len(expected) or far else ""


def _far(one: float, other: float) -> bool:
    return not abs(one - other) <= NEAR * max(1.0, abs(other))
