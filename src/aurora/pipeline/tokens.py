"""The token steps: a tokenizer, learnt or loaded, and the token stores.

One decision: they are two steps, because a recipe may change how stores are built (`infilling`, `adopt`) while the
tokenizer, and with it every fingerprint that depends on it, stays.
"""

from __future__ import annotations

from pathlib import Path

from aurora.hashes import digest_of
from aurora.pipeline.step import Project, Step, hash_of
from aurora.recipe.sources import ConversationsSource

# Keys of the recipe's `tokens` table that decide the stores only.
STORE_KEYS = ("infilling", "adopt", "loss", "preferences")


def steps(project: Project) -> list[Step]:
    """The tokenizer, then the stores."""
    return [_tokenizer(project), _stores(project)]


def _tokenizer(project: Project) -> Step:
    tokens, model, run = project.recipe.tokens, project.recipe.model, project.run
    sources = project.recipe.corpus.sources.values()
    pairs = bool(project.recipe.redteam or tokens.preferences) or any(
        isinstance(it, ConversationsSource) for it in sources
    )

    def inputs() -> dict[str, str]:
        from aurora.tokens.text.tokenizer import tokenizer_identity

        read = {"corpus": project.clean_text()}
        return read if tokens.path is None else {**read, "path": tokenizer_identity(tokens.path, project.base)}

    def build(folder: Path) -> None:
        from aurora.tokens.text.building import build_tokenizer
        from aurora.tokens.text.published import find_published
        from aurora.tokens.text.text_facts import FILE

        own = None
        if model.path is not None:
            own = find_published(project.fetched(model.path), model.revision, project.base, (FILE,), "model.path")
        given = tokens.model_copy(update={"path": project.fetched(tokens.path)}) if tokens.path else tokens
        build_tokenizer(given, project.base, run.corpus, folder, model=own, pairs=pairs)

    # Pairs need a chat format, which is then written beside the tokenizer.
    settings = {key: value for key, value in tokens.numerics().items() if key not in STORE_KEYS} | {"pairs": pairs}
    return project.step("tokenizer", run.tokenizer, 2, settings, inputs, build, "learnt or published")


def _stores(project: Project) -> Step:
    tokens, run = project.recipe.tokens, project.run
    redteam = run.redteam if project.recipe.redteam else None
    drafts = run.drafts if project.recipe.redteam and project.recipe.redteam.drafts else None

    def inputs() -> dict[str, str]:
        from aurora.tokens.build import PAIRS_FILE, PREFERENCES_FILE

        read = {"corpus": project.clean_text(), "tokenizer": project.tokenizer()}
        read |= {name: _adopted(project.base / adopted.path) for name, adopted in tokens.adopt.items()}
        pairs = {"redteam": redteam, "drafts": drafts}
        read |= {name: project.digest(folder, PAIRS_FILE) for name, folder in pairs.items() if folder}
        read |= {name: _hash_of_files([project.base / given.path]) for name, given in tokens.preferences.items()}
        if redteam and project.recipe.redteam and project.recipe.redteam.preferences:
            read["preferences"] = project.digest(redteam, PREFERENCES_FILE)
        return read

    def build(folder: Path) -> None:
        from aurora.tokens.build import build_tokens

        build_tokens(tokens, project.base, run.corpus, redteam, run.tokenizer, folder, drafts)

    stated = tokens.numerics()
    settings = {key: stated[key] for key in STORE_KEYS if stated[key] or key != "preferences"}
    return project.step("tokens", run.stores, 3, settings, inputs, build, "clean documents to token stores")


def _adopted(path: Path) -> str:
    """SHA-256 of the two files of a store made elsewhere."""
    return _hash_of_files([path.with_name(f"{path.name}.{kind}") for kind in ("bin", "idx")])


def _hash_of_files(files: list[Path]) -> str:
    """SHA-256 over files that a recipe names, whether or not they are there."""
    return hash_of([digest_of(file) if file.is_file() else None for file in files])
