"""What a run's tokens are: how long in each language, what every stage reads of them, and any sequence as text.

One decision: all of it is computed from the stores and the formula of the mixture, as training itself does, so what is
shown for sequence n is what the model is trained on at n.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from aurora.corpus.artifact import read_columns
from aurora.errors import AuroraError, UserError
from aurora.files import read_json
from aurora.recipe import Recipe
from aurora.recipe.stages.stage import Stage, checkpoints_of
from aurora.run.folder import RunFolder
from aurora.run.manifest import files_of
from aurora.tables import table
from aurora.terminal import line
from aurora.tokens.build import PAIR_STORES, read_pairs
from aurora.tokens.packing import Row, new_row
from aurora.tokens.replay_decisions import Decisions, decisions_of
from aurora.tokens.stage_loader import stage_facts, stage_loader
from aurora.tokens.store import TokenStore, store_stem
from aurora.tokens.text.fertility import fertility
from aurora.tokens.text.text_facts import TextFacts, read_text

PROVENANCE = ("id", "url", "license")


def inspect_tokens(recipe: Recipe, run: RunFolder) -> dict[str, Any]:
    """Facts of a run's tokens: `tokenizer`, `bytes_per_token` by language, `stores` and `stages`.

    Raises `AuroraError` where the tokens are not built yet or a store is damaged.
    """
    text = _text(run)
    stages = {}
    for name, stage in checkpoints_of(recipe.stages).items():
        decisions = _decided(stage, run)
        loader = stage_loader(stage, recipe.seed, run, decisions.made)
        stages[name] = stage_facts(stage, decisions.end or stage.steps, loader)
    extension = files_of(run.tokenizer, "extension.json")
    return {
        "tokenizer": {"vocabulary": text.vocabulary},
        "bytes_per_token": fertility(text.tokenizer, run.corpus),
        **({"extension": read_json(extension[0])["languages"]} if extension else {}),
        "stores": {name: _store(TokenStore.open(store_stem(run.stores, name))) for name in _names(run)},
        "stages": stages,
    }


def describe(facts: dict[str, Any]) -> str:
    """The facts as tables."""
    extension = facts.get("extension", {})
    header = ("language", "bytes per token", *(("before extension",) if extension else ()))
    rows = [
        (lang, f"{value:.2f}", *((f"{extension[lang]['bytes_per_token_before']:.2f}",) if extension else ()))
        for lang, value in facts["bytes_per_token"].items()
    ]
    lines = [f"Tokenizer of {facts['tokenizer']['vocabulary']:,} entries, on held-out text:", ""]
    lines += table(header, rows, num_labels=1)
    stores = [
        (
            name,
            f"{store['documents']:,}",
            f"{store['tokens']:,}",
            f"{store['loss_tokens']:,}",
            f"{store['num_bytes'] / 1e6:.2f}",
        )
        for name, store in facts["stores"].items()
    ]
    lines += ["", *table(("store", "documents", "tokens", "with a loss", "MB of text"), stores, num_labels=1)]
    for name, stage in facts["stages"].items():
        lines += ["", *_describe_stage(name, stage)]
    return "\n".join(lines)


def _describe_stage(name: str, stage: dict[str, Any]) -> list[str]:
    padding = stage["padding"]
    lines = [
        f"Stage {name}: {stage['tokens']:,} tokens in {stage['sequences']:,} sequences; {stage['loss_tokens']:,} have "
        f"a loss, {padding:,} ({padding / stage['tokens']:.1%}) fill sequences up",
        "",
    ]
    header = ("source", "with a loss", "share", "tokens", "share", "padding", "epochs")
    read = [
        (
            source,
            f"{part['loss_tokens']:,}",
            f"{part['share']:.1%}",
            f"{part['tokens']:,}",
            f"{part['token_share']:.1%}",
            f"{part['padding']:,}",
            f"{part['epochs']:.2f}",
        )
        for source, part in stage["sources"].items()
    ]
    lines += table(header, read, num_labels=1)
    lines += [
        f"{part['pairs_without_loss']:,} pairs of {source} are left out: their prompt fills the sequence."
        for source, part in stage["sources"].items()
        if part.get("pairs_without_loss")
    ]
    return lines


def sequence_at(recipe: Recipe, run: RunFolder, name: str | None, n: int) -> dict[str, Any]:
    """Sequence `n` (from 0) of the stage called `name`, the last one without a name, as text with its provenance.

    Returns {stage, sequence, step, source, index, epoch, documents: [{number, id, url, license, text, loss_tokens}]}.
    Raises `UserError` for a stage or a sequence that the recipe does not have.
    """
    stages = checkpoints_of(recipe.stages)
    name = name or list(recipe.stages)[-1]
    if name not in stages:
        raise UserError(f"The recipe has no stage {name!r}; it has {', '.join(stages)}.")
    stage = stages[name]
    decisions = _decided(stage, run)
    count = stage.pace.before(decisions.end or stage.steps)
    if not 0 <= n < count:
        raise UserError(f"Stage {name} has the sequences 0 to {count - 1:,}: {n:,} is not one of them.")
    if stage.retention is not None:
        known = (decisions.made[-1].step if decisions.made else 0) + stage.retention.every_steps
        if n >= stage.pace.before(known):
            raise UserError(f"Sequence {n:,} of stage {name} is not decided yet: its replay is, up to step {known:,}.")
    loader = stage_loader(stage, recipe.seed, run, decisions.made)
    window = loader.mixture.sequence(n)
    row = new_row(stage.sequence_length)
    rows = loader.rows[window.source]
    rows.fill(window.index, row)
    numbers = rows.documents(window.index)
    return {
        "stage": name,
        "sequence": n,
        "step": stage.pace.step_of(n) + 1,
        "source": window.source,
        "index": window.index,
        "epoch": window.epoch + 1,
        "documents": [
            {"number": number, **_provenance(recipe, run, window.source, number), **part}
            for number, part in zip(numbers, _texts(_text(run), row, len(numbers)), strict=True)
        ],
    }


def describe_sequence(found: dict[str, Any]) -> str:
    """A sequence for a terminal: where it is from, then each document."""
    lines = [
        f"Sequence {found['sequence']:,} of stage {found['stage']} (step {found['step']:,}): number {found['index']:,} "
        f"of {found['source']}, pass {found['epoch']}"
    ]
    for document in found["documents"]:
        facts = "  ".join(f"{key} {document[key]}" for key in (*PROVENANCE, "category") if document.get(key))
        loss = f"{document['loss_tokens']:,} tokens with a loss"
        lines += ["", line(f"── document {document['number']:,}  {facts}  {loss}"), document["text"]]
    return "\n".join(lines)


def _decided(stage: Stage, run: RunFolder) -> Decisions:
    """What adaptive replay decided in a stage so far."""
    decisions = decisions_of(run, stage.name) if stage.retention is not None else None
    return decisions or Decisions({}, {})


def _store(store: TokenStore) -> dict[str, Any]:
    side = store.side
    return {
        "documents": side.documents,
        "tokens": side.tokens,
        "loss_tokens": side.loss_tokens,
        "num_bytes": side.num_bytes,
        "bytes_per_token": round(side.num_bytes / side.tokens, 3) if side.tokens else 0.0,
        "dtype": side.dtype,
        "licenses": side.licenses,
    }


def _texts(text: TextFacts, row: Row, count: int) -> list[dict[str, Any]]:
    """The text of each of the row's documents and how many of its tokens have a loss; what fills the row up is none."""
    assert row.documents is not None
    parts = []
    for number in range(count):
        inside = row.documents == number
        ids = [*row.inputs[inside].tolist(), int(row.targets[inside][-1])]
        written = text.tokenizer.decode(ids, skip_special_tokens=False)
        parts.append({"text": written, "loss_tokens": int(row.loss_mask[inside].sum())})
    return parts


def _provenance(recipe: Recipe, run: RunFolder, source: str, number: int) -> dict[str, str]:
    """Where document `number` of a store comes from."""
    origin, language = source.split("/")
    if origin == "redteam":
        item = read_pairs(run.redteam, PAIR_STORES[language])[number]
        return {"id": item["id"], "category": item["category"], "language": item["language"]}
    if source in recipe.tokens.adopt:
        adopted = recipe.tokens.adopt[source]
        return {"id": str(number), "url": adopted.path, "license": adopted.license}
    rows = read_columns(run.corpus, "clean", PROVENANCE, origin, language)
    return dict(zip(PROVENANCE, next(islice(rows, number, None)), strict=True))


def _names(run: RunFolder) -> list[str]:
    """Every store of a run, in order."""
    return sorted(path.stem.replace(".", "/") for path in files_of(run.stores, "*.*.json"))


def _text(run: RunFolder) -> TextFacts:
    if not run.stores.is_dir():
        raise AuroraError(f"{run.path} has no tokens yet: build them with `aurora tokens build`.")
    return read_text(run.tokenizer)
