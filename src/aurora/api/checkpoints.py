"""A checkpoint as a model that generates and scores text.

One decision: the format of prompts, the end of answers and the tokenizer are read from the checkpoint's own files, so a
model is prompted as it was trained, wherever it is stored.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aurora.errors import UserError
from aurora.recipe.model import ARCHITECTURE
from aurora.run.opening import checkpoint_of

if TYPE_CHECKING:
    from aurora.model.network import Network
    from aurora.tokens.text.text_facts import TextFacts

CONFIG = "config.json"  # of a folder in the layout of Hugging Face


class Checkpoint:
    """The model in the folder `path`: its `network`, and what its `text` is made of."""

    def __init__(self, path: Path, network: Network, text: TextFacts) -> None:
        from aurora.tokens.text.formats import Format

        self.path = path
        self.network = network
        self.text = text
        self._format = Format(text)

    @property
    def num_parameters(self) -> int:
        """The number of parameters."""
        return self.network.num_parameters

    @property
    def positions(self) -> int:
        """Its longest sequence, in tokens."""
        return self.network.architecture.positions

    def generate(
        self,
        prompts: Sequence[str],
        *,
        max_new_tokens: int = 128,
        temperature: float = 0.0,
        top_p: float = 1.0,
        seed: int = 0,
        as_prompts: bool = True,
    ) -> list[str]:
        """An answer to each prompt, at most `max_new_tokens` long. Temperature 0 is greedy.

        A prompt is written in the format of the model's training; without `as_prompts` it is a text to continue.
        `UserError` for settings that are out of range.
        """
        from aurora.model.generation import generate

        ids = [self._ids(prompt, as_prompts) for prompt in prompts]
        stops = self.text.stops
        answers = generate(self.network, ids, max_new_tokens, temperature, top_p, seed, stops=stops)
        return [str(answer) for answer in self.text.tokenizer.decode_batch(answers)]

    def stream(
        self, prompt: str, *, max_new_tokens: int = 128, temperature: float = 0.0, top_p: float = 1.0, seed: int = 0
    ) -> Iterator[str]:
        """The answer that `generate` gives to a prompt, in pieces, each as soon as it is known."""
        from aurora.model.generation import stream
        from aurora.tokens.text.decoding import pieces

        ids, stops = self._ids(prompt, as_prompt=True), self.text.stops
        found = stream(self.network, ids, max_new_tokens, temperature, top_p, seed, stops=stops)
        return pieces(self.text.tokenizer, found)

    def score(self, texts: Sequence[str]) -> float:
        """Bits per byte over `texts`, each read from its beginning in windows of the model's length: less is better.

        nan where they hold no text.
        """
        from aurora.evaluation.bits_per_byte import bits_per_byte, windows_of

        return bits_per_byte(self.network, windows_of(texts, self.text, self.positions))

    def _ids(self, prompt: str, as_prompt: bool) -> list[int]:
        return self._format.prompt(prompt) if as_prompt else [self.text.start, *self.text.encode(prompt)]


def load_checkpoint(path: Path | str, stage: str | None = None, device: str | None = None) -> Checkpoint:
    """The model of a checkpoint folder, of a run's `stage` (its last finished one without a name), of a folder in the
    layout of Hugging Face (an export, say) or of a GGUF file, in fp32.

    `device` is a CUDA device where there is one and none is given. `UserError` where `path` is none of these,
    `AuroraError` where a file of it has changed since it was written.
    """
    path = Path(path)
    if not _is_published(path):
        folder = checkpoint_of(path, stage)
        return _loaded(folder, folder, device)
    if stage is not None:
        raise UserError(f"{path} is a model, not a run: leave out --stage {stage}.")
    from aurora.model.huggingface import import_model

    with tempfile.TemporaryDirectory(prefix="aurora-") as imported:  # imported like any model that a recipe continues
        import_model(str(path.absolute()), None, Path.cwd(), Path(imported))
        return _loaded(Path(imported), path, device)


def check_checkpoint(path: Path) -> None:
    """`UserError` where `path` holds no model, without loading one."""
    if not _is_published(path):
        checkpoint_of(path, None)


def _is_published(path: Path) -> bool:
    """Whether a path is a model in a published layout, not in Aurora's."""
    from aurora.gguf.folder import is_gguf

    return is_gguf(path) or ((path / CONFIG).is_file() and not (path / ARCHITECTURE).is_file())


def _loaded(folder: Path, shown: Path, device: str | None) -> Checkpoint:
    import torch

    from aurora.model.folder import load_model

    network, text = load_model(folder, device=device or ("cuda" if torch.cuda.is_available() else "cpu"))
    network.eval()
    return Checkpoint(shown, network, text)
