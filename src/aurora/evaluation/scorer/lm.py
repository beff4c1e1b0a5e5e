"""`AuroraLM`: a checkpoint as a model of lm-evaluation-harness, under the name `aurora`.

One decision: the harness is given what it asks for (texts in, sums and texts out), and all that makes scoring fast and
the same whatever the batch lies in modules that know nothing of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from lm_eval.api.model import LM
from lm_eval.api.registry import register_model

from aurora.console.progress import progress, say
from aurora.corpus.conversation import ASSISTANT, Turn
from aurora.evaluation.scorer.likelihoods import likelihoods
from aurora.evaluation.scorer.passes import budget_of
from aurora.evaluation.scorer.requests import Encoder
from aurora.evaluation.scorer.settings import settings_of
from aurora.evaluation.scorer.stopping import Ending
from aurora.evaluation.scorer.tree import Row, segments_of, tree_of
from aurora.evaluation.scorer.writing import Prompt, write_answers
from aurora.tokens.text.formats import Format, template_of

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

    from aurora.model.network import Network
    from aurora.tokens.text.text_facts import TextFacts

Answer = tuple[float, bool]


@register_model("aurora")
class AuroraLM(LM):  # type: ignore[misc]  # the harness has no types
    """A network and its text. `batch_size` is how many pieces of text share a pass; by default what memory allows.

    With `start_always` the token that starts a text stands before every request, not only where the published
    tokenizer writes it.
    """

    def __init__(
        self,
        network: Network,
        text: TextFacts,
        *,
        batch_size: int | None = None,
        start_always: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.network = network
        self.text = text
        self.batch_size = batch_size
        self.seed = seed
        self.encoder = Encoder(text, network.architecture.positions, start_always)

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
        return sha256((self.text.tokenizer.to_str() + (self.text.template or "")).encode()).hexdigest()

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
        return self._scored(rows, "choices", disable_tqdm)

    def loglikelihood_rolling(self, requests: list[Instance], disable_tqdm: bool = False) -> list[float]:
        """Of each text its log-likelihood, each token once after as many before it as the network reads."""
        rows = self.encoder.texts([request.args[0] for request in requests])
        return [total for total, _ in self._scored(rows, "texts", disable_tqdm)]

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """Of each (context, settings) the answer up to its first stop; equal requests that are drawn have a number."""
        contexts = [request.args[0] for request in requests]
        settings = [settings_of(request.args[1]) for request in requests]
        half = self.max_length // 2  # is left for the prompt
        rooms = [min(one.tokens, half) for one in settings]
        if any(one.tokens > half for one in settings):
            say(f"  answers end after {half} tokens, as the model reads {self.max_length}")
        stops = frozenset(self.text.stops)
        seen = Counter[str]()
        prompts = []
        for context, ids, one, room in zip(
            contexts, self.encoder.prompts(contexts, rooms), settings, rooms, strict=True
        ):
            key = f"{self.seed} {one} {context}"
            ending = Ending(self.text.tokenizer, stops, one.until, room)
            prompts.append(Prompt(ids, ending, one.sampling, f"{key} {seen[key]}"))
            seen[key] += 1
        with progress("answers", len(prompts), "answers") as bar:
            write_answers(
                self.network, prompts, self.batch_size, lambda count: bar.update(0 if disable_tqdm else count)
            )
        return [prompt.ending.text for prompt in prompts]

    def _scored(self, rows: Sequence[Sequence[Row]], label: str, quiet: bool) -> list[Answer]:
        """Of each request the sum over its rows; equal rows are computed once."""
        distinct = {row: number for number, row in enumerate(dict.fromkeys(row for parts in rows for row in parts))}
        total = sum(len(segment.ids) for segment in segments_of(tree_of(list(distinct))))
        with progress(label, total, "tokens") as bar:
            budget = budget_of(self.network, self.batch_size)
            found = likelihoods(self.network, list(distinct), budget, lambda count: bar.update(0 if quiet else count))
        scores = [[found[distinct[row]] for row in parts] for parts in rows]
        return [(sum(part.total for part in parts), all(part.greedy for part in parts)) for parts in scores]
