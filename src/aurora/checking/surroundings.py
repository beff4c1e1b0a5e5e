"""Checks of what a recipe needs besides itself: files named by its curation, a policy with its words, extras, a device.

One decision: a policy is loaded completely, because it is small and its mistakes have file, line and key of their own.
"""

from __future__ import annotations

from collections.abc import Iterator

from aurora.checking.findings import Findings


def check_curation(findings: Findings) -> None:
    """Files and extras of `corpus.curation` and of where it runs."""
    corpus, base = findings.loaded.recipe.corpus, findings.loaded.base
    for key, path in _named(findings):
        if not (base / path).exists():
            findings.mistake(key, f"{base / path} does not exist: check the path")
    if corpus.curation.fasttext_model:
        findings.needs("corpus.curation.fasttext_model", "fasttext", "fasttext")
    if corpus.curation.perplexity:
        findings.needs("corpus.curation.perplexity", "kenlm", "perplexity")
    if corpus.execution.runner == "ray":
        findings.needs("corpus.execution.runner", "ray", "cluster")


def check_policy(findings: Findings) -> None:
    """The policy and its words in every language that is asked for."""
    redteam = findings.loaded.recipe.redteam
    if redteam is None:
        return
    from aurora.redteam.dataset import refuse_too_few
    from aurora.redteam.policy import load_policy, without_words, word_files
    from aurora.shipped import places

    path = places.find("policies", redteam.policy, findings.loaded.base)
    if not path.is_file():
        hint = places.suggestion("policies", path)
        findings.mistake("redteam.policy", f"{path} does not exist ({hint}); docs/policy.md tells how to write one")
        return
    languages = list(redteam.languages)
    missing = [language for language, file in word_files(path, languages).items() if not file.exists()]
    for language in missing:
        findings.mistake(
            f"redteam.languages.{languages.index(language)}",
            f"{redteam.policy} has no words in {language}: {without_words(path, language)}",
        )
    with findings.asking("redteam.policy"):
        policy = load_policy(path, [language for language in languages if language not in missing])
        refuse_too_few(redteam, policy)
    if redteam.judge is not None:
        from aurora.redteam.judging.learned import read_judge_file

        with findings.asking("redteam.judge"):
            read_judge_file(findings.loaded.base / redteam.judge)
    if redteam.reviewed is not None:
        from aurora.redteam.reviewed import reviewed_items

        with findings.asking("redteam.reviewed"):
            reviewed_items(
                findings.loaded.base / redteam.reviewed,
                languages,
                redteam.watched_share,
                findings.loaded.recipe.seed,
            )


def check_device(findings: Findings) -> None:
    """The accelerator and the trackers that `execution` asks for."""
    execution = findings.loaded.recipe.execution
    for name in execution.trackers:
        findings.needs("execution.trackers", name, "trackers")
    if execution.device == "cuda":
        import torch

        if not torch.cuda.is_available():
            findings.mistake(
                "execution.device", "PyTorch sees no accelerator here; write auto or cpu, or run it elsewhere"
            )


def _named(findings: Findings) -> Iterator[tuple[str, str]]:
    """(key, path) of every file that the curation names."""
    curation = findings.loaded.recipe.corpus.curation
    for name in ("fasttext_model", "personal_data_key"):
        if path := getattr(curation, name):
            yield f"corpus.curation.{name}", path
    for name in ("flagged_words", "perplexity"):
        for language, path in getattr(curation, name).items():
            yield f"corpus.curation.{name}.{language}", path
    for name, path in (curation.contamination.sets if curation.contamination else {}).items():
        yield f"corpus.curation.contamination.sets.{name}", path
