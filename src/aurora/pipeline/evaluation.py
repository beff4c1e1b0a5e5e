"""The evaluation steps: the imported model before it is trained, then the bigram, every checkpoint, and their answers.

One decision: all of them, and the measurements during training, read the same held-out text in windows of the same
length, so that their figures can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

from aurora.pipeline.step import Project, Step
from aurora.recipe.references import BIGRAM
from aurora.recipe.stages.measured import answering, base_of, measured

if TYPE_CHECKING:
    from aurora.evaluation.measurements import MeasuringText
    from aurora.model.network import Network
    from aurora.model.scorer import Scorer


def steps_of_base(project: Project) -> list[Step]:
    """The imported model, where there is one, before anything is trained: a base that is unfit is seen first."""
    return _measuring(project, lambda name: name == base_of(project.recipe))


def steps(project: Project) -> list[Step]:
    """The bigram, every stage and control, and the checkpoints before and after safety tuning."""
    return [_bigram(project), *_measuring(project, lambda name: name != base_of(project.recipe))]


def _measuring(project: Project, chosen: Callable[[str], bool]) -> list[Step]:
    """The steps that measure the chosen ones of the recipe's checkpoints."""
    recipe = project.recipe
    return [
        *(_checkpoint(project, name) for name in filter(chosen, measured(recipe))),
        *(_safety(project, name) for name in filter(chosen, answering(recipe))),
    ]


def during_training(project: Project) -> Callable[[Scorer, int], dict[str, float]]:
    """The measurement that the trainer calls after some steps of a stage."""
    from aurora.evaluation.measurements import held_out_monitor

    return held_out_monitor(_measuring_text(project, project.recipe.evaluation.curve_kilobytes))


def of_sources(project: Project, sources: Collection[str]) -> Callable[[Scorer], dict[str, float]]:
    """The measurement that adaptive replay calls: bits per byte on the held-out text of each source."""
    from aurora.evaluation.measurements import retention_monitor

    recipe, run = project.recipe, project.run
    kilobytes = recipe.evaluation.held_out_kilobytes
    return retention_monitor(run.corpus, run.tokenizer, sources, kilobytes, recipe.longest_sequence)


def of_watched_prompts(project: Project, prompts: int) -> Callable[[Network], tuple[float, float]]:
    """The measurement by which a stage may end: shares of watched prompts that are refused."""
    from aurora.evaluation.measurements import refusal_monitor

    run = project.run
    return refusal_monitor(run.tokenizer, run.redteam, prompts, project.recipe.evaluation.answer_tokens)


def _bigram(project: Project) -> Step:
    """The baseline beside every figure, trained on all text that the stages read."""
    run, stages = project.run, project.recipe.stages.values()

    def inputs() -> dict[str, str]:
        return {**_digests(project), "tokens": project.digest(run.stores, "*.bin")}

    def measure(folder: Path) -> None:
        from aurora.evaluation.measurements import measure_bigram
        from aurora.tokens.spread import spread
        from aurora.tokens.store import store_stem

        sources = sorted({source for stage in stages for source in spread(stage, run.stores).sources})
        measure_bigram([store_stem(run.stores, source) for source in sources], _measuring_text(project), folder)

    settings, purpose = project.recipe.evaluation.numerics(), "a token bigram, for comparison"
    return project.step(f"evaluate:{BIGRAM}", run.evaluation(BIGRAM), 2, settings, inputs, measure, purpose)


def _checkpoint(project: Project, name: str) -> Step:
    """Bits per byte and samples of one checkpoint."""
    run, recipe = project.run, project.recipe

    def inputs() -> dict[str, str]:
        return {**_digests(project), "model": project.weights(name)}

    def measure(folder: Path) -> None:
        from aurora.evaluation.measurements import measure_checkpoint

        text, sample_tokens = _measuring_text(project), recipe.evaluation.sample_tokens
        measure_checkpoint(run.checkpoint(name), text, recipe.execution, sample_tokens, folder)

    settings, purpose = recipe.evaluation.numerics(), "bits per byte and samples"
    return project.step(f"evaluate:{name}", run.evaluation(name), 2, settings, inputs, measure, purpose)


def _safety(project: Project, name: str) -> Step:
    """Answers of one checkpoint to held-out prompts."""
    run, recipe = project.run, project.recipe

    def inputs() -> dict[str, str]:
        from aurora.redteam.dataset import HELD_OUT, SUMMARY

        prompts = project.digest(run.redteam, HELD_OUT, SUMMARY)
        read = {"model": project.weights(name), "prompts": prompts, "tokenizer": project.tokenizer()}
        return read | project.languages()  # answers are judged by them

    def measure(folder: Path) -> None:
        from aurora.evaluation.measurements import measure_safety

        measure_safety(run.checkpoint(name), run.tokenizer, run.redteam, recipe.execution, recipe.evaluation, folder)

    settings, purpose = recipe.evaluation.numerics(), "answers to held-out prompts"
    return project.step(f"safety:{name}", run.safety(name), 5, settings, inputs, measure, purpose)


def _measuring_text(project: Project, kilobytes: float | None = None) -> MeasuringText:
    """The text that checkpoints are measured on, or only `kilobytes` of it per language."""
    from aurora.evaluation.measurements import read_measuring_text

    recipe, run = project.recipe, project.run
    return read_measuring_text(
        run.corpus,
        run.tokenizer,
        kilobytes or recipe.evaluation.held_out_kilobytes,
        recipe.longest_sequence,
        other_domain=bool(recipe.corpus.other_domain),
    )


def _digests(project: Project) -> dict[str, str]:
    """SHA-256 of the measuring text and of what reads it."""
    corpus = project.run.corpus
    read = {"held_out": project.digest(corpus, "held_out/*"), "tokenizer": project.tokenizer()}
    if project.recipe.corpus.other_domain:
        read["other_domain"] = project.digest(corpus, "other_domain/*")
    return read
