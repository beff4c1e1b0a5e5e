"""Checks between the tables of a recipe: names that must exist, and sizes that must fit.

One decision: they run on the values as stated, before or after typing, so that a mistake in one table hides none in
another. An invalid value is passed over here; its type reports it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aurora.languages.labels import canonical
from aurora.nearest import meant, nearest
from aurora.recipe.names import REDTEAM
from aurora.recipe.stages.objective import LIKELIHOOD
from aurora.recipe.stages.stage import IMPORTED, PAIRS, PREFERENCES
from aurora.recipe.stages.train import ALL

DRAFTED = f"{REDTEAM}/drafted"  # answers of the imported model itself
REDTEAM_SOURCES = (PAIRS, f"{REDTEAM}/benign", DRAFTED, PREFERENCES)
BIGRAM = "bigram"  # lies beside the evaluations of checkpoints
Values = Mapping[str, Any]


def references(values: Values) -> Iterator[str]:
    """Everything that is wrong between tables, as `key: what`."""
    yield from _starts(values)
    yield from _mixtures(values)
    yield from _objectives(values)
    yield from _stores(values)
    yield from _watched(values)
    yield from _model(values)
    yield from _names(values)


def table(values: Any, *key: str) -> Values:
    """The table at a key; an empty one where there is none."""
    for part in key:
        values = values.get(part) if isinstance(values, Mapping) else None
    return values if isinstance(values, Mapping) else {}


def _stages(values: Values) -> dict[str, Values]:
    return {name: stage for name, stage in table(values, "stages").items() if isinstance(stage, Mapping)}


def _starts(values: Values) -> Iterator[str]:
    earlier: list[str] = []
    for name, stage in _stages(values).items():
        start, optimizer = stage.get("start"), table(stage, "optimizer")
        if isinstance(start, str) and start != IMPORTED and start not in earlier:
            known = [IMPORTED, *earlier]
            yield f"stages.{name}.start: {start!r} is not an earlier stage ({meant(start, known)})"
        if optimizer.get("carry") is True:
            yield from _moments(values, name, stage)
        if optimizer.get("new_rows", 1) != 1 and not table(values, "tokens").get("extend"):
            yield f"stages.{name}.optimizer.new_rows: needs tokens.extend, which adds the rows"
        earlier.append(name)


def _moments(values: Values, name: str, stage: Values) -> Iterator[str]:
    """What is wrong where a stage carries over the optimizer state of the one it starts from."""
    key, start, train = f"stages.{name}.optimizer.carry", stage.get("start"), stage.get("train", ALL)
    if start == IMPORTED or table(train).get("lora"):
        yield f"{key}: what it starts from has no moments of what it trains; leave it out"
    elif start in _stages(values) and _stages(values)[str(start)].get("train", ALL) != train:
        yield f"{key}: needs the `train` of stage {start}, whose moments are those of what it trained"


def _mixtures(values: Values) -> Iterator[str]:
    for name, stage in _stages(values).items():
        mixtures = {f"stages.{name}.mixture": table(stage, "mixture")}
        changes = stage.get("changes")
        for index, change in enumerate(changes if isinstance(changes, list) else []):
            mixtures[f"stages.{name}.changes.{index}.mixture"] = table(change, "mixture")
        mixtures[f"stages.{name}.control.mixture"] = table(stage, "control", "mixture")
        for key, mixture in mixtures.items():
            for store in mixture:
                yield from _store(values, key, store)


def _objectives(values: Values) -> Iterator[str]:
    """What is wrong where stages read preference pairs, or are to learn by them."""
    for name, stage in _stages(values).items():
        objective = stage.get("objective", LIKELIHOOD)
        prefers = objective == "dpo" or "dpo" in table(stage, "objective")
        mixtures = [table(stage, "mixture"), table(stage, "control", "mixture")]
        changes = stage.get("changes")
        mixtures += [table(change, "mixture") for change in (changes if isinstance(changes, list) else [])]
        pairs = [store for mixture in mixtures for store in mixture if _preferred(values, store)]
        if pairs and objective == LIKELIHOOD:
            yield f"stages.{name}.mixture: {pairs[0]!r} holds preference pairs, which need objective: dpo"
        if prefers and not any(_preferred(values, store) for store in mixtures[0]):
            yield (
                f"stages.{name}.objective: dpo needs preference pairs in the mixture: {PREFERENCES} (with "
                "redteam.preferences), or those of tokens.preferences"
            )
        if prefers and stage.get("start") == IMPORTED and table(values, "model").get("path") is None:
            yield f"stages.{name}.objective: dpo compares with the stage's start, and a new network says nothing yet"


def _watched(values: Values) -> Iterator[str]:
    share, held_out = (table(values, "redteam").get(key) for key in ("watched_share", "held_out_share"))
    for name, stage in _stages(values).items():
        if stage.get("stop_when") is not None and share is None:
            yield f"stages.{name}.stop_when: needs redteam.watched_share, the prompts that it asks"
    if isinstance(share, float) and isinstance(held_out, float) and share + held_out >= 1:
        yield "redteam.watched_share: leaves nothing to train on beside held_out_share"


def _stores(values: Values) -> Iterator[str]:
    tokens = table(values, "tokens")
    for store in table(tokens, "infilling"):
        yield from _store(values, "tokens.infilling", store)
        if store in REDTEAM_SOURCES:
            yield f"tokens.infilling: {store!r} holds prompt/response pairs, which are never cut"
        if store in table(tokens, "preferences"):
            yield f"tokens.infilling: {store!r} holds preference pairs, which are never cut"
        if _talks(values, store):
            yield f"tokens.infilling: {store!r} holds conversations, which are never cut"
    for store in table(tokens, "loss"):
        if not _talks(values, store):
            yield f"tokens.loss: {store!r} is not of a source with `kind: conversations`"
    for key in ("adopt", "preferences"):
        for store in table(tokens, key):
            if store.split("/")[0] in (REDTEAM, *table(values, "corpus", "sources")):
                yield f"tokens.{key}: {store!r} is not SOURCE/LANGUAGE with a source of its own"
    for store in table(tokens, "preferences"):
        if store in table(tokens, "adopt"):
            yield f"tokens.preferences: {store!r} is the name of a store of tokens.adopt too; choose another"


def _store(values: Values, key: str, store: str) -> Iterator[str]:
    """What is wrong with the name of a store where text is read from it."""
    source, _, language = store.partition("/")
    sources = table(values, "corpus", "sources")
    adopted = [*table(values, "tokens", "adopt"), *table(values, "tokens", "preferences")]
    if source == REDTEAM:
        if store not in REDTEAM_SOURCES:
            yield f"{key}: {store!r} is not one of {', '.join(REDTEAM_SOURCES)}"
        if not values.get("redteam"):
            yield f"{key}: {store!r} needs the recipe's `redteam` table"
        elif store == DRAFTED and table(values, "redteam").get("drafts") is None:
            yield f"{key}: {store!r} needs redteam.drafts"
        elif store == PREFERENCES and table(values, "redteam").get("preferences") is not True:
            yield f"{key}: {store!r} needs redteam.preferences: true"
    elif source in sources:
        declared = None if table(sources, source).get("templates") else table(sources, source).get("language")
        tag, asked = canonical(declared) if isinstance(declared, str) else None, canonical(language)
        if tag is not None and asked is not None and tag != asked:
            yield f"{key}: {store!r} has no text: corpus.sources.{source} is all {tag!r} (did you mean {source}/{tag}?)"
    elif _tagged(store) not in {_tagged(name) for name in adopted}:
        known = [*sources, *adopted]
        close = nearest(source, known)
        guess = f"did you mean {close}/{language}?" if close else ", ".join(known)
        yield f"{key}: {store!r} is not SOURCE/LANGUAGE with a source of corpus.sources ({guess})"


def _model(values: Values) -> Iterator[str]:
    model, tokens = table(values, "model"), table(values, "tokens")
    path = model.get("path")
    if path is not None and tokens.get("train") is not None:
        yield (
            "tokens.train: the model of model.path knows the ids of its own tokenizer alone; give tokens.path: "
            f"{path}, and tokens.extend for new entries"
        )
    if table(values, "redteam").get("drafts") is not None and path is None:
        yield "redteam.drafts: a new network answers nothing yet; drafts are of the model of model.path"
    key = "model.positions" if path is not None else "model.architecture.positions"
    positions = model.get("positions") if path is not None else table(model, "architecture").get("positions")
    for name, stage in _stages(values).items():
        length = stage.get("sequence_length")
        if isinstance(length, int) and isinstance(positions, int) and length > positions:
            yield f"stages.{name}.sequence_length: {length:,} is more than {key}, {positions:,}; give that or less"


def _names(values: Values) -> Iterator[str]:
    """Names that would give two things one folder or file."""
    taken = {IMPORTED: "the recipe's own model", BIGRAM: "the bigram beside every figure"}
    for name, stage in _stages(values).items():
        made = {name: f"stages.{name}"}
        if control := table(stage, "control").get("name"):
            made[f"{name}-{control}"] = f"stages.{name}.control"
        for checkpoint, key in made.items():
            if checkpoint in taken:
                yield f"{key}: {checkpoint!r} is already the name of {taken[checkpoint]}; choose another"
            taken[checkpoint] = key
    for name in table(values, "corpus", "sources"):
        if name == REDTEAM:
            yield f"corpus.sources.{name}: the name belongs to the red-team set; choose another"


def _preferred(values: Values, store: str) -> bool:
    """Whether a store holds preference pairs."""
    return store == PREFERENCES or _tagged(store) in {_tagged(name) for name in table(values, "tokens", "preferences")}


def _talks(values: Values, store: str) -> bool:
    """Whether a store holds conversations of a source."""
    return table(values, "corpus", "sources", store.split("/")[0]).get("kind") == "conversations"


def _tagged(store: str) -> str:
    """A store's name with its language's tag."""
    source, slash, language = store.partition("/")
    return f"{source}{slash}{canonical(language) or language}"
