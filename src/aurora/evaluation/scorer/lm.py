"""`AuroraLM`: a checkpoint as a model of lm-evaluation-harness; `aurora.api.harness` names it `aurora` there.

One decision: the harness is given what it asks for (texts in, sums and texts out), and all that makes scoring fast and
the same whatever the batch lies in modules that know nothing of it. Where the harness is not installed the class is the
same without it: it needs nothing that the harness has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aurora.console.progress import progress, say
from aurora.corpus.conversation import ASSISTANT, Turn
from aurora.evaluation.scorer.answering import Compute, Keep, answered
from aurora.evaluation.scorer.likelihoods import Likelihood, likelihoods
from aurora.evaluation.scorer.passes import budget_of
from aurora.evaluation.scorer.requests import Encoder
from aurora.evaluation.scorer.responses import identity, keys_of, tokenizer_hash
from aurora.evaluation.scorer.settings import settings_of
from aurora.evaluation.scorer.stopping import Ending
from aurora.evaluation.scorer.tree import Row, segments_of, tree_of
from aurora.evaluation.scorer.writing import Prompt, write_answers
from aurora.kept import Responses
from aurora.tokens.text.formats import Format, template_of

try:
    from lm_eval.api.model import LM
except ImportError:  # the same without the harness

    class LM:  # type: ignore[no-redef]
        """In place of the harness's."""


if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

    from aurora.model.network import Network
    from aurora.tokens.text.text_facts import TextFacts
    from aurora.training.process.job import Job

Answer = tuple[float, bool]
PATIENCE = 1.0  # seconds of work that a kill may lose


class AuroraLM(LM):  # type: ignore[misc]  # the harness has no types
    """A network and its text. `batch_size` is how many pieces of text share a pass; by default what memory allows.

    With `start_always` the token that starts a text stands before every request, not only where the published
    tokenizer writes it. `seed` decides what is drawn; `cache` is a file of answers that are not computed again. Of a
    `job` of many ranks each is given all requests and all answers, so the harness sees one process.
    """

    def __init__(
        self,
        network: Network,
        text: TextFacts,
        *,
        batch_size: int | None = None,
        start_always: bool = False,
        seed: int = 0,
        cache: Path | None = None,
        job: Job | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self.text = text
        self.batch_size = batch_size
        self.seed = seed
        self.cache = cache
        self.job = job
        self.encoder = Encoder(text, network.architecture.positions, start_always)
        self._identity: dict[str, str] | None = None
        self._told = False

    @cached_property
    def _format(self) -> Format:
        return Format(self.text)

    @property
    def max_length(self) -> int:
        """Tokens that the network reads at once."""
        return self.network.architecture.positions

    @property
    def eot_token_id(self) -> int:
        """The token after a whole text."""
        return self.text.end

    @property
    def prefix_token_id(self) -> int:
        """The token before a text that nothing else stands before."""
        return self.text.start

    @property
    def tokenizer_name(self) -> str:
        """What identifies the tokenizer and its template in the harness's caches of requests."""
        return tokenizer_hash(self.text)

    def tok_encode(self, string: str, **ignored: Any) -> list[int]:
        """Ids of a text, without a start token."""
        return self.text.encode(string)

    def tok_decode(self, tokens: Sequence[int], skip_special_tokens: bool = True) -> str:
        """The text of ids."""
        return str(self.text.tokenizer.decode(list(tokens), skip_special_tokens=skip_special_tokens))

    def chat_template(self, chat_template: bool | str = False) -> str | None:
        """The template that conversations are written with; None where they are not wanted."""
        return template_of(None, self.text) if chat_template else None

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        """A conversation as the model was trained on it. A request that begins with this text is read as such.

        Without `add_generation_prompt` the last message is the beginning of an answer that is to be gone on with.
        """
        turns = [Turn(message["role"], message["content"]) for message in chat_history]
        begun = turns.pop().text if turns and not add_generation_prompt and turns[-1].role == ASSISTANT else ""
        text, ids = self._format.before_answer(turns, begun)
        self.encoder.conversations[text] = ids
        return text

    def loglikelihood(self, requests: list[Instance], disable_tqdm: bool = False) -> list[Answer]:
        """Of each (context, continuation) the latter's log-likelihood, and whether greedy decoding gives it."""
        rows = self.encoder.pairs([request.args for request in requests])
        return self._scored(rows, "choices")

    def loglikelihood_rolling(self, requests: list[Instance], disable_tqdm: bool = False) -> list[float]:
        """Of each text its log-likelihood, each token once after as many before it as the network reads."""
        rows = self.encoder.texts([request.args[0] for request in requests])
        return [total for total, _ in self._scored(rows, "texts")]

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """Of each (context, settings) the answer up to its first stop; equal requests that are drawn have a number."""
        prompts = self._prompts([request.args for request in requests])

        def compute(mine: Sequence[int], keep: Keep) -> None:
            numbers = {id(prompts[number]): number for number in mine}
            with progress("answers", len(mine), "answers") as bar:

                def done(prompt: Prompt) -> None:
                    bar.update(1)
                    keep({numbers[id(prompt)]: prompt.ending.text})

                write_answers(self.network, [prompts[number] for number in mine], self.batch_size, done)

        asked = [
            [one.ids, one.seed, sorted(one.ending.stops), one.ending.until, one.ending.longest, astuple(one.sampling)]
            for one in prompts
        ]
        return self._answered("answer", asked, [one.ids for one in prompts], compute)

    def describe(self) -> dict[str, Any]:
        """What decides the answers beside the requests: for results and for whoever wants them again."""
        begun = self.text.started or self.encoder.always
        start = self.text.spelling(self.text.start) if begun else None
        return {**identity(self.network, self.text), "start": start, "positions": self.max_length, "seed": self.seed}

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Promise that the weights stay as they are in the block: they are looked at once, however much is asked."""
        if self.cache is not None:
            self._identity = identity(self.network, self.text)
        try:
            yield
        finally:
            self._identity = None

    def _prompts(self, requests: Sequence[tuple[str, dict[str, Any]]]) -> list[Prompt]:
        settings = [settings_of(given) for _, given in requests]
        half = self.max_length // 2  # is left for the prompt
        rooms = [min(one.tokens, half) for one in settings]
        if any(one.tokens > half for one in settings) and not self._told:
            self._told = True
            say(f"  answers end after {half} tokens, as the model reads {self.max_length}")
        encoded = self.encoder.prompts([context for context, _ in requests], rooms)
        seen = Counter[str]()
        prompts = []
        for (context, _), ids, one, room in zip(requests, encoded, settings, rooms, strict=True):
            ending = Ending(self.text.tokenizer, frozenset(self.text.stops), one.until, room)
            drawn = f"{self.seed} {one} {context}" if one.sampling.temperature else ""
            prompts.append(Prompt(ids, ending, one.sampling, drawn and f"{drawn} {seen[drawn]}"))
            seen[drawn] += 1
        return prompts

    def _scored(self, rows: Sequence[Sequence[Row]], label: str) -> list[Answer]:
        """Of each request the sum over its rows."""
        distinct = list(dict.fromkeys(row for parts in rows for row in parts))

        def compute(mine: Sequence[int], keep: Keep) -> None:
            rows = [distinct[number] for number in mine]
            tree = tree_of(rows)
            with progress(label, sum(len(segment.ids) for segment in segments_of(tree)), "tokens") as bar:

                def done(count: int, finished: dict[int, Likelihood]) -> None:
                    bar.update(count)
                    keep({mine[number]: [one.total, one.greedy] for number, one in finished.items()})

                likelihoods(self.network, rows, budget_of(self.network, self.batch_size), done, tree)

        answers = self._answered(
            "log-likelihood", [[row.ids, row.first] for row in distinct], [row.ids for row in distinct], compute
        )
        found = dict(zip(distinct, answers, strict=True))
        scores = [[found[row] for row in parts] for parts in rows]
        return [(sum(total for total, _ in parts), all(greedy for _, greedy in parts)) for parts in scores]

    def _answered(
        self, kind: str, asked: Sequence[Any], sequences: Sequence[Sequence[int]], compute: Compute
    ) -> list[Any]:
        """From the cache where there is one, by all ranks."""
        if self.cache is None:
            return answered(keys_of({}, kind, asked), sequences, compute, self.job)
        with Responses(self.cache, PATIENCE) as responses:
            keys = keys_of(self._identity or identity(self.network, self.text), kind, asked)
            return answered(keys, sequences, compute, self.job, responses)
