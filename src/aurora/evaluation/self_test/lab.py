"""What the self-test works on: a checkpoint, a few requests, and what they must come to.

One decision: what is expected is computed by plain passes over whole texts, with nothing of the scorer; a stand-in of
the same vocabulary answers where only the way of an answer is looked at, so that a large checkpoint costs seconds.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from lm_eval.api.instance import Instance

from aurora.evaluation.scorer.lm import AuroraLM
from aurora.model.network import Network
from aurora.recipe.model import Architecture

if TYPE_CHECKING:
    from aurora.tokens.text.text_facts import TextFacts

Pair = tuple[str, str]
POSITIONS = 48  # tokens read at most, so that some requests are too long
TOKENS = 6  # of an answer
ROOM = 20  # tokens behind the shared context, which is cut to leave them
SHARED = "On the long table by the window of the old house there were two books and a lamp, and in the end she took"
CHOICES = (" the lamp", " both books", " nothing")
OTHERS: tuple[Pair, ...] = (
    ("The river runs under the old bri", "dge every summer"),  # a word, and often a token, spans the join
    ("Kirjasto on auki iltayhdeksään ", "asti"),
    ("नदी पुराने पुल के नी", "चे बहती है"),
    ("川は古い橋の下を流", "れています"),
    ("def total(first):\n", "    return first + 1"),
    ("", "The train to the coast"),
    (" ".join(f"{number} and" for number in range(40)), " then the last"),  # longer than what is read
)


class Lab:
    """A checkpoint's network and text."""

    def __init__(self, network: Network, text: TextFacts) -> None:
        self.network = network
        self.text = text
        self.positions = min(POSITIONS, network.architecture.positions)

    def model(self, stand_in: bool = False, **settings: Any) -> AuroraLM:
        """The harness's model, which puts a start before every text and reads few positions."""
        lm = AuroraLM(self.stand_in if stand_in else self.network, self.text, start_always=True, **settings)
        lm.encoder.positions = self.positions
        return lm

    @cached_property
    def stand_in(self) -> Network:
        """A small network that knows nothing."""
        return self._small(1)

    @cached_property
    def other(self) -> Network:
        """Another one, with other weights."""
        return self._small(2)

    @cached_property
    def shared(self) -> str:
        """A context that several choices go on from and that is not too long."""
        words = SHARED.split(" ")
        counts = range(len(words), 0, -1)
        fitting = (" ".join(words[:count]) for count in counts)
        return next((text for text in fitting if len(self.text.encode(text)) <= self.positions - ROOM), words[0])

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """Contexts and continuations."""
        return (*((self.shared, choice) for choice in CHOICES), *OTHERS)

    @cached_property
    def rows(self) -> list[tuple[list[int], int]]:
        """Of each pair its ids, and the number of the first that counts."""
        return [self._row(*pair) for pair in self.pairs]

    @cached_property
    def sums(self) -> list[float]:
        """Of each pair what whole texts, one by one, come to."""
        return [self._sum(ids, first) for ids, first in self.rows]

    @cached_property
    def answer(self) -> list[int]:
        """What greedy decoding gives after the first context, the whole text again for every token."""
        ids = [self.text.start, *self.text.encode(self.shared)]
        said: list[int] = []
        while len(said) < TOKENS:
            token = int(self.logits([*ids, *said])[-1].argmax())
            if token in self.text.stops:
                break
            said.append(token)
        return said

    def _row(self, context: str, continuation: str) -> tuple[list[int], int]:
        before, whole = self.text.encode(context.rstrip()), self.text.encode(context + continuation)
        same = 0
        while same < min(len(before), len(whole) - 1) and before[same] == whole[same]:
            same += 1
        cut = max(0, len(whole) - self.positions)
        return [self.text.start, *whole[cut:]], 1 + same - cut

    def _sum(self, ids: Sequence[int], first: int) -> float:
        scores = torch.log_softmax(self.logits(ids[:-1]).float(), dim=-1)
        return float(sum(scores[place - 1, ids[place]] for place in range(first, len(ids))))

    @torch.no_grad()
    def logits(self, ids: Sequence[int]) -> torch.Tensor:
        """What comes after each of some ids, from one plain pass."""
        was_training = self.network.training
        self.network.eval()
        try:
            found: torch.Tensor = self.network(torch.tensor([list(ids)], device=self.network.output_weight.device))[0]
        finally:
            self.network.train(was_training)
        return found

    def _small(self, seed: int) -> Network:
        shape = Architecture(layers=1, width=16, heads=2, positions=2 * POSITIONS, initializer_range=0.3)
        model = Network(shape, self.network.vocabulary)
        model.initialise(torch.Generator().manual_seed(seed))
        return model


def asked(pairs: Sequence[Pair]) -> list[Instance]:
    """Pairs as the harness asks them."""
    return [Instance("loglikelihood", {}, pair, number) for number, pair in enumerate(pairs)]


def drawn(count: int) -> list[Instance]:
    """One prompt, answered so many times by drawing."""
    settings = {"do_sample": True, "temperature": 1.0, "max_gen_toks": 8, "until": []}
    return [Instance("generate_until", {}, ("The river", settings), 0)] * count


@contextmanager
def cache() -> Iterator[Path]:
    """A place for kept answers, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="aurora-") as folder:
        yield Path(folder) / "answers.sqlite"
