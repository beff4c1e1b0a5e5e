"""The steps of a recipe: which rooms a run goes through, what each reads and where it writes.

One decision: this is the only module that knows both the recipe and every room, so that rooms know nothing of each
other but the files they exchange. A room is imported when its step runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from aurora.errors import AuroraError
from aurora.files import canonical_json, default_cache
from aurora.folders import EXTRA, faults, refuse_faulty
from aurora.hashes import digest_of
from aurora.recipe import LoadedRecipe
from aurora.recipe.recipe import BIGRAM
from aurora.recipe.stages.made_with import MadeWith, is_fresh, made_with
from aurora.recipe.stages.stage import IMPORTED, Stage, checkpoints_of, safety_stages
from aurora.run.folder import RunFolder
from aurora.run.manifest import read_manifest
from aurora.training.wish import AS_IT_IS, Wish

if TYPE_CHECKING:
    from aurora.training.replay import Replay

WEIGHTS = "*model*.safetensors"
OPTIMIZER = "optimizer.safetensors"
STORE_KEYS = ("infilling", "adopt")  # of the recipe's `tokens` table: how stores are made, not the tokenizer


@dataclass(frozen=True)
class Step:
    """One step of a run.

    `inputs` gives, when the steps before are finished, the SHA-256 of everything the step reads. `run` writes below the
    folder it is given and nowhere else; that folder becomes `folder` (relative to the run) when it returns. `version`
    rises when the step's code changes what it writes. A step that `takes_up_edited_work` finds what an interrupted
    attempt left even where settings changed since, and decides itself what still holds. A `shared` step is carried out
    by all processes of torchrun together, any other by the first alone.
    """

    name: str
    folder: str
    version: int
    settings: Mapping[str, Any]
    inputs: Callable[[], dict[str, str]]
    run: Callable[[Path], object]
    purpose: str
    takes_up_edited_work: bool = False
    shared: bool = False

    def __post_init__(self) -> None:
        # The names in it are checked where the recipe is read; whatever comes here lies below the run.
        place = PurePosixPath(self.folder)
        if place.is_absolute() or ".." in place.parts or not place.parts:
            raise AuroraError(f"The step {self.name} would write to {self.folder!r}, which does not lie in its run.")


class Steps:
    """Builds the list of steps for one recipe and one run folder."""

    def __init__(self, loaded: LoadedRecipe, run: RunFolder, wish: Wish = AS_IT_IS) -> None:
        self.wish = wish  # until a stage has taken it up
        self.loaded = loaded
        self.recipe = loaded.recipe
        self.base = loaded.base
        self.run = run
        self.cache = Path(self.recipe.corpus.cache) if self.recipe.corpus.cache else default_cache()

    def all(self) -> list[Step]:
        """Every step, in the order they run."""
        checkpoints = checkpoints_of(self.recipe.stages)
        return [
            self.corpus(),
            *([self.redteam()] if self.recipe.redteam else []),
            self.tokenizer(),
            self.tokens(),
            *([self.imported()] if self.recipe.model.path else []),
            *(self.training(name, stage) for name, stage in checkpoints.items()),
            self.bigram(),
            *(self.evaluation(name) for name in checkpoints),
            *(self.safety(name) for name in safety_stages(self.recipe.stages) or ()),
        ]

    def corpus(self) -> Step:
        """Raw text to clean documents."""
        corpus = self.recipe.corpus

        def inputs() -> dict[str, str]:
            from aurora.corpus.phases.named_files import named_files
            from aurora.corpus.sources import provenance

            other = {f"other_domain/{name}": source for name, source in corpus.other_domain.items()}
            origins = {
                name: _hash(provenance(name, source, self.base, self.cache))
                for name, source in {**corpus.sources, **other}.items()
            }
            named = named_files(corpus.curation, self.base)
            return origins | {f"curation/{key}": mark for key, mark in named.items()}

        def run(folder: Path) -> None:
            from aurora.corpus.curate import build_corpus

            build_corpus(corpus, self.base, self.cache, self.recipe.seed, folder, self.run.inside(self.run.corpus_work))

        return Step(
            "corpus", self.run.part(self.run.corpus), 2, corpus.numerics(), inputs, run, "raw text to clean documents"
        )

    def redteam(self) -> Step:
        """Policy to prompts and answers."""
        redteam = self.recipe.redteam
        assert redteam is not None
        policy = self.base / redteam.policy

        def inputs() -> dict[str, str]:
            files = [policy, *sorted(policy.with_suffix("").glob("*.yaml"))]
            return {path.name: digest_of(path) for path in files if path.is_file()}

        def run(folder: Path) -> None:
            from aurora.redteam.dataset import build_redteam

            build_redteam(redteam, self.base, self.recipe.seed, folder)

        settings = {**redteam.numerics(), "seed": self.recipe.seed}
        return Step(
            "redteam", self.run.part(self.run.redteam), 1, settings, inputs, run, "policy to prompts and answers"
        )

    def tokenizer(self) -> Step:
        """Learn or load the tokenizer."""
        tokens, model, pairs = self.recipe.tokens, self.recipe.model, self.recipe.redteam is not None

        def run(folder: Path) -> None:
            from aurora.tokens.text.published import find_published
            from aurora.tokens.text.text_facts import FILE
            from aurora.tokens.text.tokenizer import build_tokenizer

            own = None
            if model.path is not None:
                own = find_published(model.path, model.revision, self.base, (FILE,), "model.path")
            build_tokenizer(tokens, self.base, self.run.corpus, folder, model=own, pairs=pairs)

        def inputs() -> dict[str, str]:
            from aurora.tokens.text.tokenizer import tokenizer_identity

            read = {"corpus": self._digest(self.run.corpus, "clean/*")}
            return read if tokens.path is None else {**read, "path": tokenizer_identity(tokens.path, self.base)}

        # Pairs are written in the format, which then lies beside the tokenizer.
        settings = {key: value for key, value in tokens.numerics().items() if key not in STORE_KEYS} | {"pairs": pairs}
        return Step("tokenizer", self.run.part(self.run.tokenizer), 2, settings, inputs, run, "byte-level BPE")

    def tokens(self) -> Step:
        """Clean documents and pairs to token stores."""
        redteam = self.run.redteam if self.recipe.redteam else None

        def inputs() -> dict[str, str]:
            from aurora.tokens.build import PAIRS_FILE

            read = {"corpus": self._digest(self.run.corpus, "clean/*"), "tokenizer": self._tokenizer()}
            for name, adopted in self.recipe.tokens.adopt.items():
                read[name] = adopted_identity(self.base / adopted.path)
            return {**read, "redteam": self._digest(self.run.redteam, PAIRS_FILE)} if redteam else read

        def run(folder: Path) -> None:
            from aurora.tokens.build import build_tokens

            build_tokens(self.recipe.tokens, self.base, self.run.corpus, redteam, self.run.tokenizer, folder)

        settings = {key: self.recipe.tokens.numerics()[key] for key in STORE_KEYS}
        return Step(
            "tokens", self.run.part(self.run.stores), 3, settings, inputs, run, "clean documents to token stores"
        )

    def imported(self) -> Step:
        """The recipe's published model, in Aurora's layout."""
        path, extend = self.recipe.model.path, self.recipe.tokens.extend
        assert path is not None

        def inputs() -> dict[str, str]:
            from aurora.model.huggingface import model_identity

            identity = {"model": model_identity(path, self.recipe.model.revision, self.base)}
            return {**identity, "tokenizer": self._tokenizer()}

        def run(folder: Path) -> None:
            from aurora.model.huggingface import import_model
            from aurora.model.new_entries import NewEntries
            from aurora.tokens.text.text_facts import FILE

            entries = NewEntries(extend.embeddings, self.recipe.seed) if extend else None
            import_model(
                path,
                self.recipe.model.revision,
                self.base,
                folder,
                tokenizer_file=self.run.tokenizer / FILE,
                new_entries=entries,
                positions=self.recipe.model.positions,
                dropout=self.recipe.model.dropout,
            )

        settings = self.recipe.model.numerics()
        if extend:
            settings |= {"embeddings": extend.embeddings, "seed": self.recipe.seed}
        return Step("import", self.run.part(self.run.checkpoint(IMPORTED)), 2, settings, inputs, run, f"read {path}")

    def training(self, name: str, stage: Stage) -> Step:
        """One training stage, or its control."""
        fresh = is_fresh(self.recipe, stage)

        def inputs() -> dict[str, str]:
            from aurora.tokens.replay_decisions import DECISIONS

            read = {source: self._digest(self.run.stores, *store_files(source)) for source in stage.sources}
            if not fresh:
                files = (WEIGHTS, OPTIMIZER) if stage.optimizer.carry else (WEIGHTS,)
                read["start"] = self._digest(self.run.checkpoint(stage.start), *files)
            if stage.retention is not None:
                read |= {"held_out": self._digest(self.run.corpus, "held_out/*"), "tokenizer": self._tokenizer()}
                if self._retained(stage.start):
                    read["base"] = self._digest(self.run.checkpoint(stage.start), DECISIONS)
            return read

        def settings() -> dict[str, Any]:
            return {
                "stage": {
                    key: value for key, value in stage.numerics().items() if key != "control"
                },  # a stage of its own
                "seed": self.recipe.seed,
                **self.recipe.execution.numerics(),
                "architecture": self.recipe.model.numerics() if fresh else None,
                "held_out_kilobytes": self.recipe.evaluation.held_out_kilobytes if stage.retention else None,
            }

        def run(folder: Path) -> None:
            digests = inputs()

            def deciding(steps: int) -> MadeWith:
                others = set(stage.sources) - set(stage.until(steps).sources)
                read = {f"input {key}": mark for key, mark in digests.items() if key not in others}
                return made_with(self.recipe, name, steps) | read

            self._train(name, stage, fresh, folder, cache(deciding))

        purpose = f"{stage.tokens:,} tokens in {stage.steps:,} steps from {'a new network' if fresh else stage.start}"
        return Step(
            f"train:{name}",
            self.run.part(self.run.checkpoint(name)),
            1,
            settings(),
            inputs,
            run,
            purpose,
            takes_up_edited_work=True,
            shared=True,
        )

    def bigram(self) -> Step:
        """The humble model beside every figure."""

        def inputs() -> dict[str, str]:
            return {**self._measuring_text(), "tokens": self._digest(self.run.stores, "*.bin")}

        def run(folder: Path) -> None:
            from aurora.evaluation.measurements import measure_bigram

            measure_bigram(self.recipe, self.run, folder)

        settings = self.recipe.evaluation.numerics()
        return Step(
            "evaluate:bigram",
            self.run.part(self.run.evaluation(BIGRAM)),
            1,
            settings,
            inputs,
            run,
            "a token bigram, for comparison",
        )

    def evaluation(self, name: str) -> Step:
        """Bits per byte and samples of one checkpoint."""

        def inputs() -> dict[str, str]:
            return {**self._measuring_text(), "model": self._digest(self.run.checkpoint(name), WEIGHTS)}

        def run(folder: Path) -> None:
            from aurora.evaluation.measurements import measure_checkpoint

            measure_checkpoint(self.recipe, self.run, name, folder)

        settings = self.recipe.evaluation.numerics()
        return Step(
            f"evaluate:{name}",
            self.run.part(self.run.evaluation(name)),
            1,
            settings,
            inputs,
            run,
            "bits per byte and samples",
        )

    def safety(self, name: str) -> Step:
        """Answers of one checkpoint to held-out prompts."""

        def inputs() -> dict[str, str]:
            from aurora.redteam.dataset import HELD_OUT, SUMMARY

            prompts = self._digest(self.run.redteam, HELD_OUT, SUMMARY)
            return {
                "model": self._digest(self.run.checkpoint(name), WEIGHTS),
                "prompts": prompts,
                "tokenizer": self._tokenizer(),
            }

        def run(folder: Path) -> None:
            from aurora.evaluation.measurements import measure_safety

            measure_safety(self.recipe, self.run, name, folder)

        settings = self.recipe.evaluation.numerics()
        return Step(
            f"safety:{name}",
            self.run.part(self.run.safety(name)),
            2,
            settings,
            inputs,
            run,
            "answers to held-out prompts",
        )

    def _train(self, name: str, stage: Stage, fresh: bool, folder: Path, deciding: Callable[[int], MadeWith]) -> None:
        from aurora.evaluation.measurements import held_out_monitor
        from aurora.tokens.replay_decisions import DECISIONS, read_decisions
        from aurora.tokens.stage_loader import stage_loader, warn
        from aurora.tokens.text.text_facts import FILE, read_text
        from aurora.training.stage import train_stage
        from aurora.training.start import NewModel

        tokenizer_file = self.run.tokenizer / FILE
        loader = stage_loader(stage, name, self.recipe.seed, self.run)
        warn(stage, name, loader)

        def contents(step: int) -> list[dict[str, Any]]:
            decided = read_decisions(folder / DECISIONS).made if stage.retention else ()
            return stage_loader(stage, name, self.recipe.seed, self.run, decided).contents(step)

        start: Path | NewModel = self.run.checkpoint(stage.start)
        if fresh:
            architecture = self.recipe.model.architecture
            assert architecture is not None
            start = NewModel(architecture, read_text(tokenizer_file).vocabulary, self.recipe.seed)
        train_stage(
            stage,
            name,
            start,
            loader,
            self.recipe.execution,
            tokenizer_file=tokenizer_file,
            folder=folder,
            tensorboard=self.run.inside(self.run.tensorboard(name)),
            made_with=deciding,
            finished=self.run.checkpoint(name),
            wish=self._wish_for(name, folder),
            evaluate=held_out_monitor(self.recipe, self.run),
            replay=self._replay(name, stage),
            contents=contents,
            first_new_entry=self._first_new_entry(),
        )

    def _wish_for(self, name: str, folder: Path) -> Wish:
        """What the user asks of this stage: it is asked once, of the stage named or of the first with earlier work."""
        from aurora.training.records.state import STATE

        finished = self.run.checkpoint(name)
        work = finished.exists() or any(folder.glob("step-*")) or (folder / STATE).exists()
        if not (work if self.wish.stage is None else self.wish.stage == name):
            return AS_IT_IS
        wish, self.wish = self.wish, AS_IT_IS
        return wish

    def _first_new_entry(self) -> int | None:
        """Where the entries begin that the recipe adds to a published tokenizer."""
        if self.recipe.tokens.extend is None:
            return None
        from aurora.tokens.text.tokenizer import first_new_entry

        return first_new_entry(self.run.tokenizer)

    def _replay(self, name: str, stage: Stage) -> Replay | None:
        """Adaptive replay, where the stage has it."""
        from aurora.evaluation.measurements import retention_monitor
        from aurora.tokens.replay_decisions import decisions_of
        from aurora.tokens.stage_loader import stage_loader
        from aurora.training.replay import Replay

        if stage.retention is None:
            return None
        earlier = decisions_of(self.run, stage.start) if self._retained(stage.start) else None
        return Replay(
            stage,
            lambda decided: stage_loader(stage, name, self.recipe.seed, self.run, decided),
            retention_monitor(self.recipe, self.run, stage.sources),
            earlier.base if earlier else {},
        )

    def _retained(self, name: str) -> bool:
        """Whether a stage has a budget of what may be forgotten."""
        return name in self.recipe.stages and self.recipe.stages[name].retention is not None

    def _measuring_text(self) -> dict[str, str]:
        read = {"held_out": self._digest(self.run.corpus, "held_out/*"), "tokenizer": self._tokenizer()}
        if self.recipe.corpus.other_domain:
            read["other_domain"] = self._digest(self.run.corpus, "other_domain/*")
        return read

    def _tokenizer(self) -> str:
        from aurora.tokens.text.text_facts import COMPANIONS, FILE

        return self._digest(self.run.tokenizer, FILE, *COMPANIONS)

    def _digest(self, place: Path, *patterns: str) -> str:
        """SHA-256 over the outputs of a finished artifact that match a pattern.

        `AuroraError` where one has another hash, or where a file is there that is read by its name but is no output.
        """
        manifest = read_manifest(place)
        if manifest is None:
            raise AuroraError(f"{place} is not a finished artifact: run the recipe again to make it.")
        named = [name for name in patterns if "*" not in name and name not in manifest.outputs]
        added = {name: EXTRA for name in named if (place / name).exists()}
        refuse_faulty(place, faults(place, manifest.chosen(*patterns)) | added)
        return manifest.digest(*patterns)


def store_files(source: str) -> list[str]:
    """The files of a store among those of all."""
    return [f"{source.replace('/', '.')}.{kind}" for kind in ("bin", "idx", "json", "mask")]


def adopted_identity(path: Path) -> str:
    """SHA-256 of the two files of a store made elsewhere."""
    files = [path.with_name(f"{path.name}.{kind}") for kind in ("bin", "idx")]
    return _hash([digest_of(file) if file.is_file() else None for file in files])


def _hash(value: Any) -> str:
    return hashlib.sha256(canonical_json(value)).hexdigest()
