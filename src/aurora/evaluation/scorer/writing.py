"""Writing answers: many texts at a time, each beginning as soon as another is finished.

One decision: what several prompts begin with is computed once, and a finished answer's row is taken up by the next
prompt, so no step waits for the longest answer of a batch. An answer depends on its own prompt, settings and number
alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from aurora.evaluation.scorer.likelihoods import evaluating
from aurora.evaluation.scorer.passes import Budget, Pass, budget_of, onto, run
from aurora.evaluation.scorer.requests import common
from aurora.evaluation.scorer.slots import Slots
from aurora.evaluation.scorer.stopping import Ending
from aurora.evaluation.scorer.tree import LONGEST, WORTH_SHARING, Row, Segment, tree_of
from aurora.model.generation import drawn
from aurora.model.network import Network

ROWS = 128  # texts at a time on cores; 64 took a sixth more time
CPU_BYTES = 1 << 28  # of all rows, at most
WAITING = 8  # a share of 1 / 8 of the rows is filled together: a pass for one prompt alone costs as much


@dataclass(frozen=True)
class Sampling:
    """How a token is chosen: the likeliest at temperature 0, or drawn."""

    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0


@dataclass
class Prompt:
    """`ids` to go on from, where the answer ends, and the seed of what is drawn."""

    ids: list[int]
    ending: Ending
    sampling: Sampling = Sampling()
    seed: str = ""


def write_answers(
    model: Network,
    prompts: Sequence[Prompt],
    rows: int | None = None,
    done: Callable[[Prompt], object] = lambda prompt: None,
) -> None:
    """Fill the endings of all `prompts`, at most `rows` at a time; `done` is told of each that is finished."""
    with evaluating(model):
        for shared, group in _groups(prompts, rows or ROWS):
            _Writer(model, group, shared, rows, done).write()


def _groups(prompts: Sequence[Prompt], rows: int) -> Iterator[tuple[list[int], list[Prompt]]]:
    """Prompts with the ids that all of a group begin with.

    Those that begin alike are a group of their own where that saves more than the steps of its last, unfilled rows.
    """
    tree = tree_of([Row((*prompt.ids, 0), len(prompt.ids)) for prompt in prompts])
    others: list[Prompt] = []
    for root in tree:
        group = [prompts[number] for number in sorted(_below(root))]
        shared = _begins(group)
        if len(shared) * (len(group) - 1) > rows * max(prompt.ending.longest for prompt in group):
            yield shared, group
        else:
            others.extend(group)
    if others:
        yield _begins(others), others


def _begins(group: Sequence[Prompt]) -> list[int]:
    """The ids that all prompts begin with, but for the last id of the shortest; none if they are few."""
    first, last = min(prompt.ids for prompt in group), max(prompt.ids for prompt in group)
    length = min(common(first, last), *(len(prompt.ids) - 1 for prompt in group))
    return first[:length] if length >= WORTH_SHARING and len(group) > 1 else []


def _below(root: Segment) -> set[int]:
    """The rows that end in a tree."""
    found, waiting = set[int](), [root]
    while waiting:
        segment = waiting.pop()
        found.update(number for number, _, _ in segment.asked)
        waiting.extend(segment.children)
    return found


class _Writer:
    """One group of prompts that begin with the ids `shared`."""

    def __init__(
        self,
        model: Network,
        prompts: Sequence[Prompt],
        shared: Sequence[int],
        rows: int | None,
        done: Callable[[Prompt], object],
    ) -> None:
        self.model = model
        self.done = done
        self.budget: Budget = budget_of(model)
        self.above: list[Pass] = []
        self.last: Segment | None = None
        for start in range(0, len(shared), LONGEST):
            self.last = Segment(start, tuple(shared[start : start + LONGEST]), self.last)
            self.above = onto(self.above, run(model, [self.last], self.above, keep=True)[1])
        self.begun = len(shared)
        # The longest first: what is in flight together then has about one length.
        self.waiting = sorted(prompts, key=lambda prompt: (len(prompt.ids), prompt.ids))
        capacity = max(len(prompt.ids) - self.begun + prompt.ending.longest for prompt in prompts)
        self.slots = Slots(model, min(rows or _rows(model, capacity), len(prompts)), capacity, self.above)
        self.flying: list[Prompt] = []

    def write(self) -> None:
        """Write all answers."""
        places, tokens = list[int](), list[int]()
        while self.waiting or self.flying:
            free = self.slots.batch - len(self.flying)
            if self.waiting and (not self.flying or free >= -(-self.slots.batch // WAITING)):
                for prompt, token in self._begin(free):
                    places.append(len(prompt.ids) - self.begun)
                    tokens.append(token)
                    self.flying.append(prompt)
                    self._keep(places, tokens)
                continue
            chosen = self._choose(self.slots.step(tokens, places), self.flying)
            tokens[:] = chosen
            places[:] = [place + 1 for place in places]
            self._finish(places, tokens)

    def _keep(self, places: list[int], tokens: list[int]) -> None:
        """End the newest text if its first token does."""
        if self.flying[-1].ending.ends(tokens[-1]):
            places.pop(), tokens.pop()
            self.done(self.flying.pop())

    def _finish(self, places: list[int], tokens: list[int]) -> None:
        """Take the finished texts out; the last row moves into the place of one."""
        for row in reversed([row for row, one in enumerate(self.flying) if one.ending.ends(tokens[row])]):
            finished, last = self.flying[row], len(self.flying) - 1
            if row != last:
                self.slots.move(last, row, places[last])
                self.flying[row], places[row], tokens[row] = self.flying[last], places[last], tokens[last]
            self.flying.pop(), places.pop(), tokens.pop()
            self.done(finished)

    def _begin(self, free: int) -> Iterator[tuple[Prompt, int]]:
        """Compute as many waiting prompts as fit, and the first token of each; a row is filled when it is taken."""
        taken, size = list[Prompt](), 0
        while self.waiting and len(taken) < free:
            size += len(self.waiting[-1].ids) - self.begun
            if taken and size > self.budget.tokens:
                break
            taken.append(self.waiting.pop())
        chains = [list(self._pieces(prompt)) for prompt in taken]
        passes: list[Pass] = []
        ends: list[Tensor | None] = [None] * len(taken)
        for level in range(max(map(len, chains))):
            going = [(number, chain[level]) for number, chain in enumerate(chains) if level < len(chain)]
            hidden, left = run(self.model, [piece for _, piece in going], [*self.above, *passes], keep=True)
            passes.append(left)
            for number, piece in going:
                ends[number] = hidden[left.rows[piece][1] - 1]
        first = self._choose(self.model.logits(torch.stack([end for end in ends if end is not None])), taken)
        for prompt, chain, token in zip(taken, chains, first, strict=True):
            for piece, left in zip(chain, passes, strict=False):
                row, place = len(self.flying), piece.start - self.begun
                self.slots.fill(row, left, left.rows[piece][0], place, len(piece.ids))
            yield prompt, token

    def _pieces(self, prompt: Prompt) -> Iterator[Segment]:
        """What a prompt has behind the shared ids, as segments."""
        parent = self.last
        for start in range(self.begun, len(prompt.ids), LONGEST):
            parent = Segment(start, tuple(prompt.ids[start : start + LONGEST]), parent)
            yield parent

    def _choose(self, logits: Tensor, prompts: Sequence[Prompt]) -> list[int]:
        """The next token of each prompt."""
        chosen: list[int] = logits.float().argmax(-1).tolist()  # whose kernel for bf16 is five times slower
        kinds = {prompt.sampling for prompt in prompts if prompt.sampling.temperature}
        for kind in kinds:
            rows = [row for row, prompt in enumerate(prompts) if prompt.sampling == kind]
            chances = torch.tensor([_chance(prompts[row]) for row in rows], dtype=torch.float64, device=logits.device)
            found = drawn(logits[rows].float(), chances, kind.temperature, kind.top_p, kind.top_k)
            for row, token in zip(rows, found.tolist(), strict=True):
                chosen[row] = token
        return chosen


def _chance(prompt: Prompt) -> float:
    """A uniform number for a prompt's next token, which depends on its seed and the token's number alone."""
    digest = hashlib.sha256(f"{prompt.seed} {len(prompt.ending.ids)}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _rows(model: Network, capacity: int) -> int:
    """How many rows of so many places memory has room for."""
    shape, weight = model.architecture, model.output_weight
    each = shape.layers * 2 * shape.key_value_heads * shape.head_width * capacity * weight.element_size()
    if weight.device.type == "cpu":
        return max(1, min(ROWS, CPU_BYTES // each))
    free, _ = torch.cuda.mem_get_info(weight.device)
    return max(1, min(8 * ROWS, free // 3 // each))
