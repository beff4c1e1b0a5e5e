"""The loader of a stage, as the recipe states it.

One decision: whoever asks what a stage reads (training, the report, `aurora tokens inspect`) asks this one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aurora.files import sha256
from aurora.progress import say
from aurora.recipe.stages import Stage
from aurora.tokens.decisions import Decision
from aurora.tokens.loader import Loader, num_sequences
from aurora.tokens.mixture import Change, Mixture
from aurora.tokens.store import TokenStore, store_stem
from aurora.tokens.text_facts import FILE


def stage_loader(stage: Stage, name: str, seed: int, tokens: Path, decided: Sequence[Decision] = ()) -> Loader:
    """The loader of the stage called `name` over the stores of a run's `tokens` folder.

    `decided` is what adaptive replay decided so far.

    Raises `AuroraError` for a store that is damaged or of another tokenizer, `UserError` for one without a sequence.
    """
    mark = sha256(tokens / "tokenizer" / FILE)
    stores = {source: TokenStore.open(store_stem(tokens / "train", source), mark) for source in stage.sources}
    counts = {source: num_sequences(store, stage.sequence_length, stage.packing) for source, store in stores.items()}
    pace = stage.pace
    changes = [Change(pace.before(stage.first_step(change)), change.mixture) for change in stage.changes]
    changes += [Change(pace.before(it.step), it.weights) for it in decided if it.weights]
    return Loader(
        stores,
        Mixture(stage.mixture, counts, seed, name, changes),
        stage.sequence_length,
        pace,
        packing=stage.packing,
        documents=stage.document_masks or stage.position_resets,
    )


def warn(stage: Stage, name: str, loader: Loader) -> None:
    """Say on the terminal what the stage reads too often, and which pairs are too long for its sequences."""
    for source, epochs in loader.mixture.epochs(stage.pace.before(stage.steps)).items():
        if epochs > stage.warn_epochs:
            say(
                f"Stage {name} passes {epochs:.1f} times over {source}: give it more text or less weight, or raise "
                "the stage's warn_epochs."
            )
    for source, store in loader.stores.items():
        longer = int((store.document_sizes > stage.sequence_length + 1).sum()) if store.mask is not None else 0
        if longer:
            say(
                f"Stage {name} cuts {longer:,} of the {store.num_documents:,} pairs of {source}, which are longer than "
                f"its sequence_length of {stage.sequence_length}."
            )
