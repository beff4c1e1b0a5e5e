"""The corpus step: raw text to clean documents.

One decision: the step reruns where the provenance of a source (paths, versions, hashes) or a file named in `curation`
changes; so an edited stop list counts like an edited key.
"""

from __future__ import annotations

from pathlib import Path

from aurora.pipeline.step import Project, Step, hash_of


def steps(project: Project) -> list[Step]:
    """The one step of the corpus."""
    corpus, run = project.recipe.corpus, project.run

    def inputs() -> dict[str, str]:
        from aurora.corpus.phases.named_files import named_files
        from aurora.corpus.sources import provenance

        other_domain = {f"other_domain/{name}": source for name, source in corpus.other_domain.items()}
        origins = {
            name: hash_of(provenance(name, source, project.base, project.cache))
            for name, source in {**corpus.sources, **other_domain}.items()
        }
        named = named_files(corpus.curation, project.base)
        return origins | {f"curation/{key}": digest for key, digest in named.items()} | project.languages()

    def build(folder: Path) -> None:
        from aurora.corpus.curate import build_corpus

        build_corpus(corpus, project.base, project.cache, project.recipe.seed, folder, run.inside(run.corpus_work))

    purpose = "raw text to clean documents"
    return [project.step("corpus", run.corpus, 2, corpus.numerics(), inputs, build, purpose)]
