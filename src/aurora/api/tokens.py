"""The tokens of a run: their length in each language, what every stage reads, and any sequence as text.

One decision: everything is computed from the stores and the formula of the mixture, as in training, so what is shown
for sequence n is what the model is trained on at n, and it can be seen before a stage is trained.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from aurora.corpus.artifact import read_columns
from aurora.errors import UserError
from aurora.files import read_json, read_json_lines
from aurora.recipe import Recipe
from aurora.recipe.stages.stage import PREFERENCES, Stage, checkpoints_of
from aurora.run.folder import RunFolder
from aurora.run.manifest import files_of
from aurora.tokens.build import DRAFTED, PAIR_STORES, PREFERENCES_FILE, read_pairs
from aurora.tokens.describe import PROVENANCE, describe
from aurora.tokens.loader import Loader
from aurora.tokens.packing import Row, new_row
from aurora.tokens.preferences.reading import SIDES
from aurora.tokens.replay_decisions import Decisions, decisions_of
from aurora.tokens.stage_loader import stage_facts, stage_loader
from aurora.tokens.store import TokenStore, store_stem
from aurora.tokens.text.fertility import fertility
from aurora.tokens.text.text_facts import TextFacts, read_text


class Tokens:
    """The tokenizer and stores of `run`, read as `recipe` says."""

    def __init__(self, recipe: Recipe, run: RunFolder) -> None:
        self._recipe = recipe
        self._run = run

    def __str__(self) -> str:
        return describe(self.facts())

    def facts(self) -> dict[str, Any]:
        """`tokenizer`, `bytes_per_token` by language, `stores`, and what each of the `stages` reads of them.

        Raises `UserError` where the tokens are not built yet, `AuroraError` where a store is damaged.
        """
        run, text = self._run, self._text()
        stages = {}
        for name, stage in checkpoints_of(self._recipe.stages).items():
            decisions = self._decided(stage)
            stages[name] = stage_facts(stage, decisions.end or stage.steps, self._loader(stage, decisions))
        extension = files_of(run.tokenizer, "extension.json")
        names = sorted(path.stem.replace(".", "/") for path in files_of(run.stores, "*.*.json"))
        return {
            "tokenizer": {"vocabulary": text.vocabulary},
            "bytes_per_token": fertility(text.tokenizer, run.corpus),
            **({"extension": read_json(extension[0])["languages"]} if extension else {}),
            "stores": {name: _store(TokenStore.open(store_stem(run.stores, name))) for name in names},
            "stages": stages,
        }

    def sequence(self, number: int, stage: str | None = None) -> dict[str, Any]:
        """Sequence `number` (from 0) of a stage, the last one without a name, as text with its provenance.

        Returns {stage, sequence, step, source, index, epoch, documents: [{number, id, url, license, text,
        loss_tokens}]}. Raises `UserError` for a stage or a sequence that the recipe does not have.
        """
        found = self._stage(stage)
        decisions = self._decided(found)
        _refuse_unknown(found, decisions, number)
        loader = self._loader(found, decisions)
        window = loader.mixture.sequence(number)
        row = new_row(found.sequence_length)
        rows = loader.rows[window.source]
        rows.fill(window.index, row)
        numbers = rows.documents(window.index)
        return {
            "stage": found.name,
            "sequence": number,
            "step": found.pace.step_of(number) + 1,
            "source": window.source,
            "index": window.index,
            "epoch": window.epoch + 1,
            "documents": [
                {"number": document, **self._provenance(window.source, document), **part}
                for document, part in zip(numbers, _texts(self._text(), row, len(numbers)), strict=True)
            ],
        }

    def _stage(self, name: str | None) -> Stage:
        stages = checkpoints_of(self._recipe.stages)
        name = name or list(self._recipe.stages)[-1]
        if name not in stages:
            raise UserError(f"The recipe has no stage {name!r}: choose from {', '.join(stages)}.")
        return stages[name]

    def _decided(self, stage: Stage) -> Decisions:
        """What adaptive replay decided in a stage so far."""
        decisions = decisions_of(self._run, stage.name) if stage.retention is not None else None
        return decisions or Decisions({}, {})

    def _loader(self, stage: Stage, decisions: Decisions) -> Loader:
        return stage_loader(stage, self._recipe.seed, self._run, decisions.made)

    def _text(self) -> TextFacts:
        if not self._run.stores.is_dir():
            raise UserError(f"{self._run.path} has no tokens yet: build them with `aurora tokens build`.")
        return read_text(self._run.tokenizer)

    def _provenance(self, source: str, number: int) -> dict[str, str]:
        """Where document `number` of a store comes from."""
        origin, language = source.split("/")
        if source in self._recipe.tokens.preferences:
            given = self._recipe.tokens.preferences[source]
            return {"id": str(number // 2), "url": given.path, "license": given.license, **_side(number)}
        if origin == "redteam":
            item, side = self._item(language, number)
            return {"id": item["id"], "category": item["category"], "language": item["language"], **side}
        if source in self._recipe.tokens.adopt:
            adopted = self._recipe.tokens.adopt[source]
            return {"id": str(number), "url": adopted.path, "license": adopted.license}
        rows = read_columns(self._run.corpus, "clean", PROVENANCE, origin, language)
        return dict(zip(PROVENANCE, next(islice(rows, number, None)), strict=True))

    def _item(self, part: str, number: int) -> tuple[dict[str, str], dict[str, str]]:
        """The item of the red-team set that document `number` of a store is of, and which side of it."""
        if f"redteam/{part}" == PREFERENCES:
            lines = read_json_lines(self._run.redteam / PREFERENCES_FILE)
            return next(islice(lines, number // 2, None)), _side(number)
        folder = self._run.drafts if part == DRAFTED else self._run.redteam
        return read_pairs(folder, PAIR_STORES[part])[number], {}


def _side(number: int) -> dict[str, str]:
    """Which answer document `number` of preference pairs is."""
    return {"side": SIDES[number % 2]}


def _refuse_unknown(stage: Stage, decisions: Decisions, number: int) -> None:
    """`UserError` for a sequence that the stage does not have, or whose replay is not decided yet."""
    name, count = stage.name, stage.pace.before(decisions.end or stage.steps)
    if not 0 <= number < count:
        raise UserError(f"Stage {name} has the sequences 0 to {count - 1:,}: {number:,} is not one of them.")
    if stage.retention is not None:
        known = (decisions.made[-1].step if decisions.made else 0) + stage.retention.every_steps
        if number >= stage.pace.before(known):
            raise UserError(
                f"Sequence {number:,} of stage {name} is not decided yet: its replay is, up to step {known:,}."
            )


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
