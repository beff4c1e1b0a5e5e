"""What a step is, and what the steps of every room are made from.

One decision: a step knows what it reads by hash and where it writes, and nothing of when it runs; so whether it has to
run again is decided in one place (`running`) for all rooms.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from aurora.errors import AuroraError
from aurora.files import canonical_json, default_cache
from aurora.folders import EXTRA, faults, refuse_faulty
from aurora.recipe import LoadedRecipe, Recipe
from aurora.run.folder import RunFolder
from aurora.run.manifest import read_manifest


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


@dataclass(frozen=True)
class Project:
    """A recipe and the folder of the run that carries it out: what each room makes its steps from."""

    loaded: LoadedRecipe
    run: RunFolder

    @property
    def recipe(self) -> Recipe:
        """The effective recipe."""
        return self.loaded.recipe

    @property
    def base(self) -> Path:
        """Folder that the recipe's relative paths start from."""
        return self.loaded.base

    @property
    def cache(self) -> Path:
        """Where downloads are kept."""
        return Path(self.recipe.corpus.cache) if self.recipe.corpus.cache else default_cache()

    def step(
        self,
        name: str,
        folder: Path,
        version: int,
        settings: Mapping[str, Any],
        inputs: Callable[[], dict[str, str]],
        run: Callable[[Path], object],
        purpose: str,
        *,
        training: bool = False,
    ) -> Step:
        """A step of this run that writes `folder`; one of `training` goes on from edited work and is shared."""
        part = self.run.part(folder)
        return Step(name, part, version, settings, inputs, run, purpose, takes_up_edited_work=training, shared=training)

    def digest(self, artifact: Path, *patterns: str) -> str:
        """SHA-256 over the outputs of a finished artifact of this run that match a pattern.

        `AuroraError` where one has another hash, or where a file is there that is read by its name but is no output.
        """
        manifest = read_manifest(artifact)
        if manifest is None:
            raise AuroraError(f"{artifact} is not a finished artifact: run the recipe again to make it.")
        named = [name for name in patterns if "*" not in name and name not in manifest.outputs]
        added = {name: EXTRA for name in named if (artifact / name).exists()}
        refuse_faulty(artifact, faults(artifact, manifest.chosen(*patterns)) | added)
        return manifest.digest(*patterns)

    def languages(self) -> dict[str, str]:
        """A hash of what each file of the recipe's own languages says, by key."""
        from aurora.languages import lookup

        return {f"languages/{one.language}": lookup.digest([one]) for one in lookup.own_languages()}

    def clean_text(self) -> str:
        """SHA-256 over the documents that are trained on."""
        return self.digest(self.run.corpus, "clean/*")

    def tokenizer(self) -> str:
        """SHA-256 over the tokenizer and the files beside it that say how text is written."""
        from aurora.tokens.text.text_facts import COMPANIONS, FILE

        return self.digest(self.run.tokenizer, FILE, *COMPANIONS)

    def weights(self, name: str, *others: str) -> str:
        """SHA-256 over the weights of a checkpoint, and over `others` of its files."""
        return self.digest(self.run.checkpoint(name), "*model*.safetensors", *others)


def hash_of(value: Any) -> str:
    """SHA-256 of a JSON value."""
    return hashlib.sha256(canonical_json(value)).hexdigest()
