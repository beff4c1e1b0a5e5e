"""What the checkpoints write: one continuation per stage and language.

One decision: samples are shown whole and unedited, all stages under one opening, so that nobody can pick the best.
"""

from __future__ import annotations

from aurora.reporting.compared import checkpoint_name
from aurora.reporting.page.components import MAX_ROWS, quoted, section, without_blanks
from aurora.reporting.page.markup import Html, join, tag
from aurora.reporting.schema import Report, Sample
from aurora.reporting.wording import in_order, language_title

MAX_SAMPLE_LETTERS = 2_000  # of an opening or a continuation


def samples_section(report: Report) -> Html | None:
    """Openings and continuations, by language."""
    by_language: dict[str, list[tuple[str, Sample]]] = {}
    for stage in report.measured:
        for sample in stage.samples[:MAX_ROWS]:
            by_language.setdefault(sample.language, []).append((checkpoint_name(stage), sample))
    if not by_language:
        return None
    return section(
        "samples",
        "What the model writes",
        [_language(language, by_language[language]) for language in in_order(by_language)],
        lead="The opening of a held-out document (grey) and what each stage's checkpoint writes after it, always "
        "taking its most likely next token. Nothing is edited or picked; ↵×9 stands for nine line breaks.",
    )


def _written(sample: Sample) -> str:
    return without_blanks(sample.text[:MAX_SAMPLE_LETTERS])


def _language(language: str, samples: list[tuple[str, Sample]]) -> Html:
    by_prompt: dict[str, list[tuple[str, Sample]]] = {}
    for stage, sample in samples:
        by_prompt.setdefault(sample.prompt, []).append((stage, sample))
    blocks = [
        join(
            tag("p", quoted(prompt[:MAX_SAMPLE_LETTERS], language, "quote opening")),
            tag(
                "dl",
                [
                    tag("div", tag("dt", stage), tag("dd", quoted(_written(sample), language)))
                    for stage, sample in of_prompt
                ],
            ),
        )
        for prompt, of_prompt in by_prompt.items()
    ]
    return tag("article", tag("h3", language_title(language)), blocks, class_="sample")
