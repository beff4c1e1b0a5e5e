"""The loader of a stage, as the recipe states it.

One decision: training, the report and `aurora tokens inspect` all use this one, so that they agree to the token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aurora.console.progress import say
from aurora.errors import UserError
from aurora.files import sha256
from aurora.recipe.names import REDTEAM
from aurora.recipe.stages.stage import Stage
from aurora.recipe.tokens import Infilling
from aurora.run.folder import RunFolder
from aurora.tokens.infilling import Infiller
from aurora.tokens.loader import Loader
from aurora.tokens.mixture import Change, Mixture
from aurora.tokens.packing import Pairs, Rows, rows_of
from aurora.tokens.preferences.references import references_of
from aurora.tokens.preferences.rows import Preferences
from aurora.tokens.replay_decisions import Decision
from aurora.tokens.spread import spread
from aurora.tokens.store import TokenStore, store_stem
from aurora.tokens.text.text_facts import FILE, read_text

MUCH_PADDING = 0.1  # share of a stage's tokens; packing would save more time than that


def stage_loader(stage: Stage, seed: int, run: RunFolder, decided: Sequence[Decision] = ()) -> Loader:
    """The loader of a stage over a run's stores.

    `decided` is what adaptive replay decided so far.

    Raises `AuroraError` for a store that is damaged or of another tokenizer, `UserError` for one without a sequence.
    """
    stage = spread(stage, run.stores)
    tokenizer = sha256(run.tokenizer / FILE)
    text = read_text(run.tokenizer)
    separate = stage.document_masks or stage.position_resets
    rows: dict[str, Rows] = {}
    for source in stage.sources:
        store = TokenStore.open(store_stem(run.stores, source), tokenizer)
        cuts = store.side.infilling
        if store.side.preferences:
            references = references_of(run.reference(stage.name), source)
            rows[source] = Preferences(store, stage.sequence_length, text.end, stage.packing, references)
            continue
        rows[source] = rows_of(
            store,
            stage.sequence_length,
            text.start,
            text.end,
            packing=stage.packing,
            separate=separate,
            infiller=None if cuts is None else Infiller(text, Infilling(**cuts), source),
        )
    _refuse_too_long(stage, rows)
    pace = stage.pace
    changes = [Change(pace.before(stage.first_step(change)), change.mixture) for change in stage.changes]
    changes += [Change(pace.before(decision.step), decision.weights) for decision in decided if decision.weights]
    counts = {source: part.count for source, part in rows.items()}
    loss_tokens = {source: part.held().loss_tokens for source, part in rows.items()}
    mixture = Mixture(stage.mixture, counts, loss_tokens, seed, stage.name, changes)
    most_pairs = max((part.most for part in rows.values() if isinstance(part, Preferences)), default=0)
    return Loader(rows, mixture, stage.sequence_length, pace, separate=separate, most_pairs=most_pairs)


def _refuse_too_long(stage: Stage, rows: Mapping[str, Rows]) -> None:
    """`UserError` for answers of which none stands within a sequence."""
    for source, part in rows.items():
        if isinstance(part, Pairs | Preferences) and part.store.num_documents and not part.count:
            what = "none of its pairs" if isinstance(part, Preferences) else "none of its answers"
            raise UserError(
                f"Stage {stage.name} learns nothing from {source}, as {what} stands within the sequence_length of "
                f"{stage.sequence_length}: raise it, or remove the source from the mixture."
            )


def stage_facts(stage: Stage, steps: int, loader: Loader) -> dict[str, Any]:
    """What the first `steps` steps of a stage read.

    `tokens` are those of all sequences; `padding` of them fill up sequences and `loss_tokens` count in the loss. Each
    of the `sources` has the same figures (its `tokens` without padding), its `share` of the stage's loss tokens, which
    weights count, and its `token_share` of all tokens except padding; of prompts with answers also how many are `cut`
    after an answer, and how many `left_out`, because none of their answers ends within a sequence.
    """
    sequences = stage.pace.before(steps)
    read = loader.read(sequences)
    tokens, loss_tokens = (sum(getattr(part, key) for part in read.values()) for key in ("tokens", "loss_tokens"))
    sources: dict[str, Any] = {}
    for source, part in read.items():
        sources[source] = {
            "share": round(part.loss_tokens / loss_tokens, 6),
            "loss_tokens": part.loss_tokens,
            "token_share": round(part.tokens / tokens, 6),
            "tokens": part.tokens,
            "padding": part.sequences * stage.sequence_length - part.tokens,
            "sequences": part.sequences,
            "epochs": round(part.epochs, 3),
        }
        if isinstance(rows := loader.rows[source], Pairs | Preferences):
            sources[source] |= {"cut": rows.cut, "left_out": rows.left_out}
    return {
        "tokens": sequences * stage.sequence_length,
        "loss_tokens": loss_tokens,
        "padding": sequences * stage.sequence_length - tokens,
        "sequences": sequences,
        "sources": sources,
    }


def warn(stage: Stage, loader: Loader) -> None:
    """Warn on the terminal of sources that are read too often, of much padding, and of what is too long."""
    sequences, name = stage.pace.before(stage.steps), stage.name
    for source, read in loader.read(sequences).items():
        if read.epochs > stage.warn_epochs:
            say(
                f"Stage {name} reads {source} {read.epochs:.1f} times: give it more text or less weight, or raise the "
                "stage's warn_epochs."
            )
        padding = read.sequences / sequences - read.tokens / (sequences * stage.sequence_length)
        if padding > MUCH_PADDING:
            say(
                f"Stage {name} spends {padding:.0%} of its tokens on padding the sequences of {source}, which needs "
                "many for its weight, as weights count tokens with a loss: give it less weight, or pack it (packing: "
                "best-fit, with document_masks)."
            )
    for source, rows in loader.rows.items():
        if isinstance(rows, Pairs | Preferences):
            _warn_of_length(stage, source, rows)


def _warn_of_length(stage: Stage, source: str, pairs: Pairs | Preferences) -> None:
    if isinstance(pairs, Preferences):
        if pairs.left_out:
            say(
                f"Stage {stage.name} leaves out {pairs.left_out:,} of the {pairs.store.num_documents // 2:,} "
                f"preference pairs of {source}, whose two answers do not stand within its sequence_length of "
                f"{stage.sequence_length} together."
            )
        return
    for count, verb, reason in (
        (pairs.cut, "cuts", "go on beyond"),
        (pairs.left_out, "leaves out", "have nothing to learn that stands within"),
    ):
        if count:
            say(
                f"Stage {stage.name} {verb} {count:,} of the {pairs.store.num_documents:,} {called(source)} of "
                f"{source}, which {reason} its sequence_length of {stage.sequence_length}."
            )


def called(source: str) -> str:
    """What a source's prompts with answers are called."""
    return "pairs" if source.startswith(f"{REDTEAM}/") else "conversations"
